// The record as frames: each a stage (forward, backward, update) of one sample.

/** The numbers of a column: float64 in Base64. */
function numbersOf(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

/** The rows of a part, by name: {kind, formula, taken: what it calls g, and its numbers}. */
function rowsOf({ about, shapes }, part) {
  const { name, kind, formula, gradient_formula: taken = [] } = shapes[part.shape];
  const columns = ["value", "before", "gradient", "change", "after"].filter((column) => column in part);
  const numbers = columns.map((column) => [column, numbersOf(part[column])]);
  return new Map(name.map((key, i) => [key, {
    kind: about.kinds[kind[i]], formula: formula[i], taken: taken[i],
    ...Object.fromEntries(numbers.map(([column, values]) => [column, values[i]])),
  }]));
}

/** A network that stands still, as if an update had left every weight as it is. */
function standingOf(rows) {
  return new Map([...rows].map(([name, { value }]) => [name, { before: value, after: value, gradient: NaN, change: NaN }]));
}

/** frames: in order, `at` counting the samples; gap: whether the update before is not in the record. An update's rows
 *  and what its optimizer takes are in all frames of its batch. losses: of each epoch. */
function framesOf(record) {
  const { about } = record, frames = [], losses = new Map(), gaps = new Set(about.gaps.map(String));
  let batch = [], sample = 0, kept = new Map(), standing = null;
  for (const part of record.parts) {
    const rows = rowsOf(record, part);
    if (part.phase === "weights") {
      standing = { rows: standingOf(rows), epoch: part.epoch };
    } else if (part.phase === "epoch") {
      losses.set(part.epoch, rows.get("loss_mean").value);
    } else if (part.phase === "optimizer") {
      batch.forEach((one) => Object.assign(one, { keptBefore: kept, takes: rows }));
      kept = rows;
    } else if (part.phase === "forward" && standing?.epoch === part.epoch) {
      frames.push({ epoch: part.epoch, sample: part.sample, phase: "forward", values: rows, at: sample, update: standing.rows,
        standing: true, summed: false });
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
        const { takes, keptBefore } = batch.at(-1), summed = batch.length > 1 || (about.shown === 1 && about.batch > 1);
        frames.slice(first).forEach((one) => Object.assign(one, { update: rows, summed, takes, keptBefore }));
        batch = [];
      }
    }
  }
  return { frames, losses };
}

/** What each name of the record that can be selected belongs to: a unit, or a weight or a bias, of a unit from one below. */
function partsOf(network) {
  const found = new Map();
  network.forEach((units, layer) => units.forEach(({ name, weights = [], bias }, j) => {
    found.set(name, { kind: "unit", layer, unit: j + 1 });
    weights.forEach((weight, i) => found.set(weight, { kind: "weight", layer, to: j + 1, from: i + 1 }));
    if (bias) found.set(bias, { kind: "bias", layer, to: j + 1 });
  }));
  return found;
}

const record = JSON.parse(document.getElementById("data").textContent);
const { about } = record, { network, large, biases } = about, layers = network.map((units) => units.length), last = layers.length - 1;
const parts = partsOf(network), parameters = [...parts.keys()].filter((name) => parts.get(name).kind !== "unit");
const { frames, losses } = framesOf(record);
const forwards = frames.filter((frame) => frame.phase === "forward");
const states = [...new Set(frames.map((frame) => frame.update))];
const updates = [...new Set(frames.filter((frame) => !frame.standing).map((frame) => frame.update))];

const partOf = (name) => parts.get(name);

/** What the numbers of a unit, counted from 1, are called. */
const namesOf = (layer, unit) => network[layer][unit - 1];
const activation = (layer, unit) => namesOf(layer, unit).name;

/** What the data call an input or the target of an output; "" where they have no names. */
function columnOf(name) {
  const { layer, unit } = partOf(name);
  return about.columns[namesOf(layer, unit).target ?? name] ?? "";
}

function where({ epoch, sample, phase, standing }) {
  const moment = !standing ? `epoch ${counted(epoch)} of ${counted(about.epochs)}` : epoch ? `after epoch ${counted(epoch)}` : "before training";
  return `${moment}, sample ${sample} of ${counted(about.samples)}, ${phase}`;
}
