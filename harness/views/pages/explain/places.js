// Where the units of a network stand: layers from left to right, or on a narrow page from top to bottom.

/** width, height: of the window for the drawing, which it fills; it is taller only where units would touch. */
function placesOf(width, height) {
  const across = width >= 640, most = Math.max(...layers), roomy = most <= 4, big = across && most <= 2;
  const named = Math.max(...network[0].map(({ name }) => Math.min(columnOf(name).length, 18)));
  const radius = big ? 34 : roomy ? 27 : across ? 25 : Math.min(25, (0.43 * width) / most);
  const letter = big ? 9 : 7.8, line = big ? 18 : 15;
  const below = biases ? 4 * line + 8 : 0;
  const start = across ? radius + 14 + named * 7 : radius + (named ? 34 : 14);
  const end = across ? (big ? 200 : 172) : radius + 96;
  const pitch = big ? 230 : roomy ? 150 : 86;
  const breadth = across ? Math.max(most * pitch, height - 8, 250) : width;
  const gap = across ? Math.max((width - start - end) / last, 130) : roomy ? Math.max(250, 170 + below) : 190;
  const length = start + gap * last + end;
  const units = layers.map((count, layer) => Array.from({ length: count }, (_, j) => {
    const along = start + layer * gap, off = (breadth * (j + 0.5)) / count;
    return across ? { x: along, y: off - (biases && roomy ? 14 : 0) } : { x: off, y: along };
  }));
  return { across, roomy, big, letter, line, radius, units, width: across ? length : breadth, height: across ? breadth : length };
}
