// What stands beside a wire: the weight's name, and by stage its value, its gradient, or before + change = after.

/** Name and two lines; name and three short ones; name and value; and where only some wires have labels, the value. */
const LEVELS = ["full", "tall", "short"];
const LINES = { full: 3, tall: 4, short: 2, bare: 1 };

/** Gradients are shown with the backward pass that they come from, unless the update sums those of a batch. */
function stageOf(frame) {
  return frame.phase === "backward" && frame.summed ? "forward" : frame.phase;
}

/** The lines, each with its style. */
function linesOf(name, stage, row, level) {
  const after = print(row.after), before = print(row.before), gradient = print(row.gradient);
  const named = [[name, "name"]];
  if (level === "bare") return [[stage === "update" ? after : before, "now"]];
  if (level === "short") return [...named, [stage === "update" ? after : before, "now"]];
  if (stage === "update") {
    const sum = level === "full" ? [`${before} ${plus(row.change)}`] : [before, plus(row.change)];
    return [...named, ...sum.map((text) => [text, ""]), [`= ${after}`, "now"]];
  }
  if (stage === "forward") return [...named, [before, "now"]];
  const derivative = level === "full" ? [`grad ${gradient}`] : ["grad", gradient];
  return [...named, [before, ""], ...derivative.map((text) => [text, "gradient"])];
}

/** The most characters that a label of this level ever has in a line. */
const widths = new Map();
function longest(name, level) {
  const key = `${name} ${level}`;
  if (!widths.has(key)) {
    const texts = states.flatMap((rows) => ["backward", "update"].flatMap((stage) =>
      linesOf(name, stage, rows.get(name), level).map(([text]) => text)));
    widths.set(key, Math.max(...texts.map((text) => text.length)));
  }
  return widths.get(key);
}

function drawLabel(parent, box, frame, name, level, { line, letter }) {
  const lines = linesOf(name, stageOf(frame), frame.update.get(name), level);
  const group = make("g", { class: "label", "data-label": name }, parent);
  const w = Math.max(...lines.map(([text]) => text.length)) * letter + 6, h = line * lines.length + 2;
  const { x, y } = nearest(box, w, h);
  make("rect", { class: "chip", x: x - w / 2, y: y - h / 2, width: w, height: h, rx: 4 }, group);
  lines.forEach(([text, style], i) => {
    const kind = style === "name" ? `name ${sign(shownWeight(frame, name))}` : style;
    make("text", { x, y: y + line * (i - (lines.length - 1) / 2), class: kind }, group, text);
  });
}

function told(frame, name, row) {
  const { kind, layer, to, from } = partOf(name);
  const ends = kind === "bias" ? `bias of ${activation(layer, to)}` : `${activation(layer - 1, from)} to ${activation(layer, to)}`;
  const change = frame.phase === "update" ? `, change ${print(row.change)}, after ${print(row.after)}` : "";
  return `${name}, ${ends}: ${print(row.before)}${change}`;
}
