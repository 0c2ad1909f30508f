// The sizes and signs that are drawn.

function greatest(values) {
  return values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
}

/** The size that is drawn at full width or colour: the greatest, unless the first update could not be seen beside it. */
function scaleOf(maps, ...columns) {
  const sizes = maps.map((rows) => greatest([...rows.values()].flatMap((row) => columns.map((column) => row[column]))));
  const early = sizes[0] ?? 0, most = Math.max(0, ...sizes);
  return Math.min(most, early > 0 ? 5 * early : most) || 1;
}

function share(value, scale) {
  return Number.isFinite(value) ? Math.min(1, Math.abs(value) / scale) : 1;
}

function sign(value) {
  return !Number.isFinite(value) ? "broken" : value > 0 ? "positive" : value < 0 ? "negative" : "zero";
}
