// The record as frames: each a stage (forward, backward, update) of one sample.

/** The numbers of a column: float64 in Base64. */
function numbersOf(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

function rowsOf(record, part) {
  const { name, formula } = record.shapes[part.shape];
  const kinds = ["value", "before", "gradient", "change", "after"].filter((column) => column in part);
  const columns = kinds.map((column) => [column, numbersOf(part[column])]);
  return new Map(name.map((key, i) => [
    key, Object.fromEntries([["formula", formula[i]], ...columns.map(([column, values]) => [column, values[i]])]),
  ]));
}

/** A network that stands still, as if an update had left every weight as it is. */
function standingOf(rows) {
  return new Map([...rows].map(([name, { value, formula }]) => [
    name, { formula, before: value, after: value, gradient: NaN, change: NaN },
  ]));
}

/** frames: in order, `at` counting the samples; gap: whether the update before is not in the record. An update's rows
 *  and what its optimizer takes are in all frames of its batch. losses: of each epoch. */
function framesOf(record) {
  const frames = [], losses = new Map();
  const gaps = new Set(record.about.gaps.map(String));
  let batch = [], sample = 0, kept = new Map(), standing = null;
  for (const part of record.parts) {
    const rows = rowsOf(record, part);
    if (part.phase === "weights") {
      standing = { rows: standingOf(rows), of: [...rows.values()][0].formula, epoch: part.epoch };
    } else if (part.phase === "epoch") {
      losses.set(part.epoch, rows.get("loss_mean").value);
    } else if (part.phase === "optimizer") {
      batch.forEach((one) => Object.assign(one, { keptBefore: kept, takes: rows }));
      kept = rows;
    } else if (part.phase === "forward" && standing?.epoch === part.epoch) {
      frames.push({ epoch: part.epoch, sample: part.sample, phase: "forward", values: rows, at: sample, update: standing.rows,
        standing: standing.of, summed: false });
      sample += 1;
    } else {
      standing = null;
      if (part.phase === "forward") {
        const gap = !batch.length && gaps.has(`${part.epoch},${part.sample}`);
        if (gap) kept = null;
        batch.push({ values: new Map(rows), at: sample, gap });
        sample += 1;
      } else if (part.phase === "backward") {
        rows.forEach((row, name) => batch.at(-1).values.set(name, row));
      }
      frames.push({ epoch: part.epoch, sample: part.sample, phase: part.phase, ...batch.at(-1) });
      if (part.phase === "update") {
        const first = frames.findLastIndex((earlier) => earlier.update) + 1;
        const { takes, keptBefore } = batch.at(-1), summed = [...rows.values()].some(({ formula }) => formula.includes("mean("));
        frames.slice(first).forEach((one) => Object.assign(one, { update: rows, batch: batch.length, summed, takes, keptBefore }));
        batch = [];
      }
    }
  }
  return { frames, losses };
}

/** The network that a record is of: what is shown of its layers, and its parameters' names. */
function shapeOf({ about }, frames) {
  const layers = about.layers.map((units) => Math.min(units, about.units ?? units)), last = layers.length - 1;
  const parameters = [...frames[0].update.keys()];
  const large = Math.max(...layers) > 8 || last - 1 > 3;
  return { layers, whole: about.layers, last, large, parameters, biases: parameters.some((name) => name[0] === "b") };
}

const record = JSON.parse(document.getElementById("data").textContent);
const about = record.about;
const { frames, losses } = framesOf(record);
const { layers, whole, last, large, parameters, biases } = shapeOf(record, frames);
const forwards = frames.filter((frame) => frame.phase === "forward");
const states = [...new Set(frames.map((frame) => frame.update))];
const updates = [...new Set(frames.filter((frame) => !frame.standing).map((frame) => frame.update))];

function activation(layer, unit) {
  return layer === 0 ? `x${unit}` : layer === last ? `y${unit}` : `a${layer}_${unit}`;
}

/** What the data call an input or the target of an output; "" where they have no names. */
function columnOf(name) {
  const [, kind, at] = /^([xyt])(\d+)$/.exec(name) ?? [];
  return { x: about.inputs, y: about.targets, t: about.targets }[kind]?.[at - 1] ?? "";
}

/** What a name of the record belongs to. */
function partOf(name) {
  const [, kind, first, second, third] = /^([a-z]+)(\d+)(?:_(\d+))?(?:_(\d+))?$/.exec(name).map((v) => v && (Number(v) || v));
  if (kind === "w") return { kind, layer: first, to: second, from: third };
  if (kind === "b") return { kind, layer: first, to: second };
  return { kind: "unit", layer: { x: 0, y: last }[kind] ?? first, unit: second ?? first };
}

function where(frame) {
  const epoch = { "before training": "before training", "in the table": `after epoch ${counted(frame.epoch)}` }[frame.standing]
    ?? `epoch ${counted(frame.epoch)} of ${counted(about.epochs)}`;
  return `${epoch}, sample ${frame.sample} of ${counted(about.samples)}, ${frame.phase}`;
}
