// Formulas, and the same with the numbers put in.

const inBrackets = (value) => (value < 0 ? `(${print(value, 6)})` : print(value, 6));

/** What a formula of a weight's update calls by short names: name -> number. g: what its gradient is taken to be. */
function shortNames(frame, name, kept) {
  const { layer } = partOf(name), row = frame.update.get(name), found = new Map();
  frame.takes.forEach(({ value }, key) => {
    if (!key.includes(" ")) found.set(key, value);
    else if (kept && key.endsWith(` of ${name}`)) found.set(key.split(" ")[0], kept.get(key)?.value ?? 0);
  });
  if (found.has(`lr${layer}`)) found.set("lr", found.get(`lr${layer}`));
  const decayed = /, g = .*weight_decay/.test(row.formula);
  return found.set("g", row.gradient + (decayed ? found.get("weight_decay") * row.before : 0));
}

function filled(formula, frame, short = new Map(), gradient = 0) {
  const text = formula.replace(/clip\((?:mean\([^()]*\)|[^()]*)\)|mean\([^()]*\)/, () => inBrackets(gradient));
  return text.replace(/dcost\/dy\d+|(?<![\w.])[A-Za-z]\w*/g, (word) => {
    if (frame.update.has(word)) return inBrackets(frame.update.get(word).before);
    if (frame.values.has(word)) return inBrackets(frame.values.get(word).value);
    return short.has(word) ? inBrackets(short.get(word)) : word;
  });
}

/** head formula, = numbers, = value; without what would say the same twice. */
function derivation(head, formula, numbers, value) {
  const steps = [formula, numbers, print(value, 6)];
  if (["input", "target"].includes(formula)) steps.splice(0, 2);
  const lines = steps.filter((text, i) => i === 0 || (text !== steps[i - 1] && text !== `(${steps[i + 1]})`));
  return `${head} ${lines.join("\n  = ")}`;
}

/** What the optimizer makes of a weight: its gradient, what is kept of it, and the weight. */
function updateOf(frame, name) {
  const row = frame.update.get(name), [formula, gradient] = row.formula.replace(/^\S+ <- /, "").split(", g = ");
  const [before, after] = [frame.keptBefore, frame.takes].map((kept) => shortNames(frame, name, kept));
  const lines = gradient ? [derivation("g =", gradient, filled(gradient, frame, after, row.gradient), after.get("g"))] : [];
  frame.takes.forEach(({ formula: kept, value }, key) => {
    if (key.endsWith(` of ${name}`)) lines.push(derivation(`${key.split(" ")[0]} =`, kept, filled(kept, frame, before), value));
  });
  return [...lines, derivation(`${name} <-`, formula, filled(formula, frame, after, row.gradient), row.after)];
}
