// Numbers in print, and the sizes and signs that are drawn.

function plain(value, digits) {
  const size = Math.abs(value);
  if (Number.isNaN(value)) return "nan";
  if (size === Infinity) return "\u221e";
  if (size === 0) return "0";
  const rounded = Number(size.toPrecision(digits));
  if (rounded >= 1e-4 && rounded < 1e6) return String(rounded);
  return rounded.toExponential().replace("e+", "e").replace("-", "\u2212");
}

function print(value, digits = 4) {
  return (value < 0 ? "\u2212" : "") + plain(value, digits);
}

function plus(value, digits = 4) {
  return (value < 0 ? "\u2212 " : "+ ") + plain(value, digits);
}

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
