// What a stage does to the selected part: its formulas, with the numbers put in.

const STAGES = {
  forward: "Each unit adds up its inputs times their weights, and its bias, and applies its activation.",
  backward: "Each unit\u2019s delta is dcost/dz: what comes down from the layer above, times the derivative of its activation.",
  update: "Each weight moves against its gradient: the delta of the unit above times the activation below.",
};

/** The part that a stage is shown at, unless another one was picked. */
function followed(frame) {
  if (frame.phase === "update") return parameters[0];
  return activation(frame.phase === "forward" ? last : Math.max(1, last - 1), 1);
}

function unitPanel(frame, name) {
  const { layer, unit } = partOf(name), column = columnOf(name), own = namesOf(layer, unit);
  const title = [layer === 0 ? "input" : layer === last ? "output" : `unit ${unit} of layer ${layer}`, column].filter(Boolean).join(" ");
  const formula = (key) => {
    const row = frame.values.get(key);
    if (row.kind === "input" || row.kind === "target") return `${key} = ${print(row.value, 6)}`;
    return row.kind === "cost" ? `cost = ${row.formula}\n  = ${print(row.value, 6)}` : derivation(`${key} =`, row.formula, filled(row.formula, frame), row.value);
  };
  const steps = { forward: [own.sum, name, own.target, ...(own.target ? ["cost"] : [])], backward: [own.derivative, own.delta], update: [] };
  const named = layer === 0 ? [name] : steps[frame.phase].filter(Boolean), text = named.map(formula);
  const changed = frame.phase === "update" ? [...(own.weights ?? []), own.bias].filter(Boolean) : [];
  changed.slice(0, 12).forEach((one) => {
    const row = frame.update.get(one);
    text.push(`${one}: ${print(row.before, 6)} ${plus(row.change, 6)} = ${print(row.after, 6)}`);
  });
  if (changed.length > 12) text.push(`and ${changed.length - 12} more`);
  return { title, text, numbers: [] };
}

function weightPanel(frame, name) {
  const { kind, layer, to, from } = partOf(name), row = frame.update.get(name), above = activation(layer, to);
  const title = kind === "bias" ? `bias of ${above}` : `${activation(layer - 1, from)} \u2192 ${above}`;
  const numbers = (...keys) => keys.map((key) => [key, print(row[key], 10)]);
  if (frame.phase === "update") return { title, text: updateOf(frame, name), numbers: numbers("before", "gradient", "change", "after") };
  const below = kind === "bias" ? null : activation(layer - 1, from), activated = below && frame.values.get(below).value;
  if (frame.phase === "forward") {
    const product = `${name}*${below}`, value = row.before * (below ? activated : 1);
    const term = below ? `${product} = ${filled(product, frame)}\n  = ${print(value, 6)}` : `${name} = ${print(value, 6)}`;
    return { title, text: [`a term of ${namesOf(layer, to).sum}`, term], numbers: [["weight", print(row.before, 10)]] };
  }
  const { delta } = namesOf(layer, to), product = below ? `${delta} * ${below}` : delta;
  const gradient = frame.values.get(delta).value * (below ? activated : 1);
  const text = [derivation(`dcost/d${name} =`, product, filled(product, frame), gradient)];
  if (frame.summed) text.push(`of this sample; the update takes the ${about.reduction} of its batch`);
  return { title, text, numbers: numbers("before", ...(frame.summed ? [] : ["gradient"])) };
}

function showPanel(frame) {
  const panel = $("panel"), name = shownNow();
  const { title, text, numbers } = (partOf(name).kind === "unit" ? unitPanel : weightPanel)(frame, name);
  panel.replaceChildren();
  const still = frame.epoch ? "The network with the weights that the table has." : "The network before training.";
  html("p", frame.standing ? still : STAGES[frame.phase], panel, "stage-text");
  const heading = html("h2", name, panel);
  html("small", title, heading);
  text.forEach((one) => html(/=|<-/.test(one) ? "pre" : "p", one, panel));
  const list = html("dl", "", panel, "numbers");
  numbers.forEach(([key, value]) => {
    html("dt", key, list);
    html("dd", value, list);
  });
  $("follow").hidden = picked === null;
}
