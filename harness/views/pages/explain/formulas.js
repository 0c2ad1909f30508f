// Formulas, and the same with the numbers put in.

const inBrackets = (value) => (value < 0 ? `(${print(value, 6)})` : print(value, 6));

/** What the row of a slot of a weight is called. */
const slotOf = (slot, name) => `${slot} of ${name}`;

/** What a formula of a weight's update calls by short names: name -> number. g: what its gradient is taken to be. */
function shortNames(frame, name, kept) {
  const row = frame.update.get(name), takes = [...frame.takes], rates = takes.filter(([, { kind }]) => kind === "learning rate");
  const found = new Map(takes.filter(([, { kind }]) => kind !== "slot").map(([key, { value }]) => [key, value]));
  if (kept) about.slots.forEach((slot) => found.set(slot, kept.get(slotOf(slot, name))?.value ?? 0));
  found.set("lr", (rates[partOf(name).layer - 1] ?? rates[0])[1].value);
  const penalty = (key, of) => (row.taken?.includes(`${key}*`) ? found.get(key) * of : 0);
  return found.set("g", row.gradient + penalty("weight_decay", row.before) + penalty("l1", Math.sign(row.before)));
}

function filled(formula, frame, known = new Map(), gradient = 0) {
  const text = formula.replace(/clip\((?:(?:mean|sum)\([^()]*\)|[^()]*)\)|(?:mean|sum)\([^()]*\)/, () => inBrackets(gradient));
  return text.replace(/dcost\/dy\d+|(?<![\w.])[A-Za-z]\w*/g, (word) => {
    if (frame.update.has(word)) return inBrackets(frame.update.get(word).before);
    if (frame.values.has(word)) return inBrackets(frame.values.get(word).value);
    const number = known.get(word) ?? (word.endsWith("slope") ? frame.takes?.get(word)?.value : undefined);
    return number === undefined ? word : inBrackets(number);
  });
}

/** head formula, = numbers, = value; without what would say the same twice. */
function derivation(head, formula, numbers, value) {
  const steps = [formula, numbers, print(value, 6)];
  const lines = steps.filter((text, i) => i === 0 || (text !== steps[i - 1] && text !== `(${steps[i + 1]})`));
  return `${head} ${lines.join("\n  = ")}`;
}

/** What the optimizer makes of a weight: its gradient, what is kept of it, and the weight. */
function updateOf(frame, name) {
  const row = frame.update.get(name), { formula, taken } = row;
  const [before, after] = [frame.keptBefore, frame.takes].map((kept) => shortNames(frame, name, kept));
  const lines = taken ? [derivation("g =", taken, filled(taken, frame, after, row.gradient), after.get("g"))] : [];
  about.slots.filter((slot) => frame.takes.has(slotOf(slot, name))).forEach((slot) => {
    const { formula: kept, value } = frame.takes.get(slotOf(slot, name));
    lines.push(derivation(`${slot} =`, kept, filled(kept, frame, before), value));
  });
  return [...lines, derivation(`${name} <-`, formula, filled(formula, frame, after, row.gradient), row.after)];
}
