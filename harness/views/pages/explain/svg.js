// Elements, and where labels go.

const $ = (id) => document.getElementById(id);

function make(tag, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text !== null) element.textContent = text;
  parent?.append(element);
  return element;
}

function html(tag, text, parent, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  parent.append(element);
  return element;
}

function overlap(a, b, gap = 2) {
  return Math.abs(a.x - b.x) * 2 < a.w + b.w + 2 * gap && Math.abs(a.y - b.y) * 2 < a.h + b.h + 2 * gap;
}

/** How much of a line from a to b, 0 to 40, lies in a box. */
function crossed(box, { a, b }) {
  let count = 0;
  for (let i = 0; i <= 40; i += 1) {
    const x = a.x + (i / 40) * (b.x - a.x), y = a.y + (i / 40) * (b.y - a.y);
    count += Math.abs(x - box.x) < box.w / 2 && Math.abs(y - box.y) < box.h / 2;
  }
  return count;
}

/** The boxes of this size beside a line, on both sides, the middle first. shares: of its length, to try; n: away from it. */
function beside({ a, b }, w, h, shares) {
  const d = Math.hypot(b.x - a.x, b.y - a.y);
  return shares.flatMap((t, rank) => [-1, 1].map((side) => {
    const n = { x: (-side * (b.y - a.y)) / d, y: (side * (b.x - a.x)) / d };
    const off = (Math.abs(n.x) * w + Math.abs(n.y) * h) / 2 + 6;
    const on = { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
    return { x: on.x + off * n.x, y: on.y + off * n.y, w, h, n, on, rank: 2 * rank + (side > 0) };
  }));
}

/** A smaller box within one that is beside a line, as near to the line as can be. */
function nearest({ x, y, w, h, n }, width, height) {
  if (!n) return { x, y };
  const back = (Math.abs(n.x) * (w - width) + Math.abs(n.y) * (h - height)) / 2;
  const within = (by, room) => Math.max(-room / 2, Math.min(room / 2, by));
  return { x: x - within(n.x * back, w - width), y: y - within(n.y * back, h - height) };
}

/** Whether two lines meet. */
function meet(p, q, a, b) {
  const turn = (u, v, w) => Math.sign((v.x - u.x) * (w.y - u.y) - (v.y - u.y) * (w.x - u.x));
  return turn(p, q, a) !== turn(p, q, b) && turn(a, b, p) !== turn(a, b, q);
}

/** For each line a box beside it, apart from all others and from the obstacles, and where the fewest other lines pass.
 *  wanted: name -> its boxes; lines: name -> its ends. Lines for which nothing is left are not in the answer. */
function placed(wanted, lines, obstacles) {
  const found = new Map();
  const left = new Map([...wanted].map(([name, boxes]) => [name, boxes.filter((box) => !obstacles.some((other) => overlap(box, other)))]));
  const cost = (name, box) => {
    const others = [...lines].filter(([other]) => other !== name);
    const between = others.filter(([, line]) => meet(box.on, box, line.a, line.b)).length;
    return 12 * others.reduce((sum, [, line]) => sum + crossed(box, line), 0) + 60 * between + 40 * crossed(box, lines.get(name)) + box.rank / 4;
  };
  while (left.size) {  // first those that have the fewest places left
    const [name, boxes] = [...left].reduce((least, one) => (one[1].length < least[1].length ? one : least));
    left.delete(name);
    const [best] = boxes.map((box) => [cost(name, box), box]).sort(([one], [other]) => one - other);
    if (!best) continue;
    found.set(name, best[1]);
    left.forEach((free, other) => left.set(other, free.filter((box) => !overlap(box, best[1]))));
  }
  return found;
}
