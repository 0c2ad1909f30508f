// A network of few units: circles and wires, with labels beside them.

const SHARES = Array.from({ length: 37 }, (_, i) => 0.5 + (i % 2 ? -0.02 : 0.02) * Math.ceil(i / 2));

const SMALLEST = 8;

/** Give a text in a circle of radius r, 0.24 r below its middle, the first wording that fits, as large as it may be. */
function fitted(node, wordings, largest, r) {
  const low = 0.24 * r, h = 0.65;
  const size = (text) => { // with half a letter's width and half a line's height in units of it
    const w = 0.32 * text.length, corner = w * w + h * h;
    return (Math.sqrt((low * h) ** 2 + corner * (r * r - low * low)) - low * h) / corner;
  };
  const text = wordings.find((one) => size(one) >= SMALLEST) ?? wordings.at(-1);
  node.textContent = text;
  node.style.fontSize = `${Math.min(largest, size(text))}px`;
}

class Network {
  constructor(svg, width, height) {
    Object.assign(this, { svg, places: placesOf(width, height), edges: new Map(), circles: new Map() });
    svg.setAttribute("width", this.places.width);
    svg.setAttribute("height", this.places.height);
    svg.classList.toggle("big", this.places.big);
    this.wires = make("g", {}, svg);
    this.units = make("g", {}, svg);
    this.labels = make("g", { "pointer-events": "none" }, svg);
    this.chips = LEVELS.find((level) => this.chipsFit(level)) ?? "none";
    parameters.filter((name) => partOf(name).kind === "weight").forEach((name) => this.edge(name));
    layers.forEach((count, layer) => {
      for (let unit = 1; unit <= count; unit += 1) this.unit(layer, unit);
    });
    this.lines = new Map([...this.edges].filter(([, edge]) => !edge.chip));
    this.level = LEVELS.find((level) => this.place(level)) ?? "none";
  }

  /** Whether what stands below the units about their biases has room beside one another. */
  chipsFit(level) {
    const { roomy, across, width, letter } = this.places;
    const sizes = parameters.filter((name) => partOf(name).kind === "bias").map((name) => [partOf(name).layer, longest(name, level) * letter + 16]);
    return roomy && (across || sizes.every(([layer, w]) => w < width / layers[layer]));
  }

  point(layer, unit) {
    return this.places.units[layer][unit - 1];
  }

  edge(name) {
    const { layer, to, from } = partOf(name), r = this.places.radius;
    const a = this.point(layer - 1, from), b = this.point(layer, to);
    const d = Math.hypot(b.x - a.x, b.y - a.y), u = { x: (b.x - a.x) / d, y: (b.y - a.y) / d };
    const ends = { a: { x: a.x + r * u.x, y: a.y + r * u.y }, b: { x: b.x - r * u.x, y: b.y - r * u.y } };
    const path = { x1: ends.a.x, y1: ends.a.y, x2: ends.b.x, y2: ends.b.y };
    const group = make("g", { class: "edge" }, this.wires);
    const [ring, wire] = ["ring", "wire", "hit"].map((kind) => make("line", { class: kind, ...path }, group));
    pressable(group, name);
    this.edges.set(name, { group, wire, ring, ...ends });
  }

  unit(layer, unit) {
    const { x, y } = this.point(layer, unit), { radius, across } = this.places;
    const name = activation(layer, unit), group = make("g", { class: "unit" }, this.units);
    make("circle", { cx: x, cy: y, r: radius }, group);
    make("text", { class: "name", x, y: y - 0.42 * radius }, group, name);
    const value = make("text", { class: "value", x, y: y + 0.24 * radius }, group);
    pressable(group, name);
    const found = { group, value, layer, unit };
    if (layer > 0) found.delta = make("text", { class: "delta halo", x, y: y - radius - 10 }, group);
    if (layer === 0 && columnOf(name)) this.column(name, x, y);
    this.circles.set(name, found);
    if (layer > 0 && biases) this.bias(layer, unit, x, y);
    if (layer === last) found.sides = this.sides(unit, x, y, across);
  }

  /** The name of an input's column, before or above it. */
  column(name, x, y) {
    const { across, radius, width } = this.places, text = columnOf(name);
    const most = across ? 18 : Math.max(3, Math.floor(width / layers[0] / 7.5));
    const place = across ? { x: x - radius - 8, y, class: "column end" } : { x, y: y - radius - 12, class: "column" };
    const made = make("text", place, this.units, short(text, most));
    make("title", {}, made, `${name} = ${text}`);
  }

  bias(layer, unit, x, y) {
    const { line, radius } = this.places, below = this.chips !== "none", name = namesOf(layer, unit).bias;
    const group = make("g", { class: "edge bias" }, this.units);
    const [px, py] = below ? [x, y + radius] : [x - 0.78 * radius, y + 0.6 * radius];
    const [ring, wire] = ["ring", "wire"].map((kind) => make("line", { class: kind, x1: px, y1: py, x2: px, y2: py + 12 }, group));
    const chip = make("rect", { class: "chip", rx: 4 }, group);
    const lines = Array.from({ length: 4 }, (_, i) => make("text", below ? { x: px, y: py + 21 + line * i } : { x: px, y: py + 7 }, group));
    pressable(group, name);
    this.edges.set(name, { group, wire, ring, chip, lines, x: px, y: py, a: { x: px, y: py }, b: { x: px, y: py + 12 } });
  }

  /** Beside an output: its target and dcost/dy; and once the cost. */
  sides(unit, x, y, across) {
    const { radius, width, line } = this.places, start = across ? x + radius + (this.places.big ? 20 : 12) : x, { name, target } = namesOf(last, unit), column = columnOf(name);
    const top = across ? y - line / 2 - (column ? line : 0) : y + radius + (biases && this.chips !== "none" ? 24 + this.heightOf(this.chips) : 18);
    const made = (i) => make("text", { class: `side halo ${across ? "start" : ""}`, x: start, y: top + line * 1.15 * i }, this.units);
    const head = column && made(0), [wanted, derivative] = column ? [made(1), made(2)] : [made(0), made(1)];
    if (head) head.textContent = short(column, across ? 20 : Math.floor(width / layers[last] / 7.5));
    if (head) make("title", {}, head, `${target} = ${column}`);
    if (unit === 1) {
      const single = layers[last] === 1 && across;
      const lowest = top + line * 1.15 * (column ? 3.2 : 2.2);
      if (!across) this.tall(lowest + 16);
      const place = single ? { x: start, y: top - line * 1.4 } : across ? { x: start, y: 16 } : { x: width / 2, y: lowest };
      this.cost = make("text", { class: `cost ${across ? "start" : ""}`, ...place }, this.units);
    }
    derivative.classList.add("delta");
    return { wanted, derivative, brief: !across && layers[last] > 2 };
  }

  tall(height) {
    this.places.height = height;
    this.svg.setAttribute("height", height);
  }

  /** Boxes that no label may cover. */
  obstacles() {
    const { radius, letter } = this.places;
    return [...this.circles.values()].flatMap(({ layer, unit }) => {
      const { x, y } = this.point(layer, unit), boxes = [{ x, y, w: 2 * radius, h: 2 * radius }];
      if (layer > 0) boxes.push({ x, y: y - radius - 10, w: 9 * letter, h: 14 });
      if (layer > 0 && biases) {
        const { bias } = namesOf(layer, unit), h = this.heightOf(this.chips);
        boxes.push(this.chips !== "none" ? { x, y: y + radius + 10 + h / 2, w: longest(bias, this.chips) * letter + 14, h }
          : { x: x - 0.78 * radius, y: y + 0.6 * radius + 7, w: 16, h: 16 });
      }
      return boxes;
    });
  }

  /** The height of the box behind a label's lines. */
  heightOf(level) {
    return this.places.line * (LINES[level] ?? 0) + 4;
  }

  place(level) {
    const found = this.spots([...this.lines.keys()], level, () => SHARES);
    if (found.size < this.lines.size) return false;
    this.fixed = found;
    return true;
  }

  /** For each of the edges a box beside it; shares: name -> the shares of its length to try. */
  spots(wanted, level, shares) {
    const { letter, width, height } = this.places, h = this.heightOf(level);
    const inside = (box) => Math.abs(box.x - width / 2) < (width - box.w) / 2 && Math.abs(box.y - height / 2) < (height - box.h) / 2;
    const boxes = (name) => beside(this.edges.get(name), longest(name, level) * letter + 8, h, shares(name)).filter(inside);
    return placed(new Map(wanted.map((name) => [name, boxes(name)])), this.lines, this.obstacles());
  }

  /** The edges whose numbers are shown where there is no room for all: the selected one's, or a unit's. */
  near(name) {
    const part = partOf(name);
    if (part.kind !== "unit") return [name];
    return [...this.edges.keys()].filter((other) => {
      const edge = partOf(other);
      return (edge.layer === part.layer && edge.to === part.unit) || (edge.layer === part.layer + 1 && edge.from === part.unit);
    });
  }

  /** A box in the middle of an edge, or below a bias, within the drawing. */
  middle({ a, b, chip }, name) {
    const { width, height, letter } = this.places, w = longest(name, "full") * letter + 8, h = this.heightOf("full");
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2 + (chip ? 34 : 0)];
    return { x: Math.max(w / 2, Math.min(width - w / 2, x)), y: Math.min(y, height - h / 2), w, h };
  }

  show(frame) {
    const shown = shownNow(), near = new Set(this.near(shown));
    this.svg.classList.toggle("faded", this.level === "none");
    this.edges.forEach((edge, name) => {
      const row = frame.update.get(name), value = shownWeight(frame, name), width = thickness(value);
      edge.group.setAttribute("class", `edge ${edge.chip ? "bias" : ""} ${sign(value)} ${near.has(name) ? "near" : ""}`);
      edge.wire.setAttribute("stroke-width", width.toFixed(2));
      edge.ring.setAttribute("stroke-width", (width + 9).toFixed(2));
      edge.group.setAttribute("aria-pressed", String(selectedNow() === name));
      edge.group.setAttribute("aria-label", told(frame, name, row));
      if (edge.chip) this.showBias(name, edge, frame, row);
    });
    this.circles.forEach((circle, name) => this.showUnit(circle, frame, name));
    this.cost.textContent = `cost ${print(frame.values.get("cost").value)}`;
    this.showLabels(frame, near, shown);
  }

  showUnit({ group, value, delta, sides, layer, unit }, frame, name) {
    const number = frame.values.get(name).value, text = print(number), back = frame.phase !== "forward", { big, radius, across, width } = this.places;
    const tight = !across && width / layers[layer] < 70;
    const own = namesOf(layer, unit), came = layer > 0 && back ? print(frame.values.get(own.delta).value, tight ? 1 : 4) : "";
    fitted(value, [4, 3, 2, 1].map((digits) => print(number, digits)), big ? 20 : 15, radius - 2.5);
    if (delta) delta.textContent = came && (tight ? came : `\u03b4 ${came}`);
    if (sides) {
      const { wanted, derivative, brief } = sides, said = (key) => print(frame.values.get(key).value, brief ? 3 : 4);
      wanted.textContent = `${brief ? "t" : "target"} ${said(own.target)}`;
      derivative.textContent = back ? `${brief ? "" : "dcost/dy "}${said(own.derivative)}` : "";
    }
    group.setAttribute("aria-pressed", String(selectedNow() === name));
    group.setAttribute("aria-label", `${name}${columnOf(name) && `, ${columnOf(name)}`} ${text}${came && `, delta ${came}`}`);
  }

  showBias(name, { chip, lines, x, y }, frame, row) {
    const { letter, line } = this.places, below = this.chips !== "none";
    const shown = below ? linesOf(name, stageOf(frame), row, this.chips) : [["b", ""]];
    lines.forEach((text, i) => {
      [text.textContent] = shown[i] ?? [""];
      text.setAttribute("class", shown[i]?.[1] ?? "");
    });
    const w = below ? Math.max(...shown.map(([text]) => text.length)) * letter + 10 : 14, h = below ? line * shown.length + 5 : 14;
    Object.entries({ x: x - w / 2, y: y + (below ? 11 : 0), width: w, height: h }).forEach(([key, value]) => chip.setAttribute(key, value));
  }

  showLabels(frame, near, shown) {
    let spots = this.fixed, level = this.level;
    if (level === "none") {
      const [name] = near, unit = partOf(shown), chosen = [...near].filter((one) => partOf(one).kind === "weight");
      const [out, into] = [[0.7, 0.76, 0.64, 0.82, 0.58, 0.52, 0.46, 0.88], [0.3, 0.24, 0.36, 0.18, 0.42, 0.48, 0.54, 0.12]];
      const shares = (one) => (partOf(one).layer === unit.layer ? into : out);
      level = near.size === 1 ? "full" : [...LEVELS, "bare"].find((one) => one === "bare" || this.spots(chosen, one, shares).size === chosen.length);
      spots = this.spots(chosen, level, near.size === 1 ? () => SHARES : shares);
      if (near.size === 1 && !spots.size) spots = new Map([[name, this.middle(this.edges.get(name), name)]]);
    }
    this.labels.replaceChildren();
    spots.forEach((box, name) => drawLabel(this.labels, box, frame, name, level, this.places));
  }

  /** Values fill in from the inputs on, deltas from the outputs back. */
  enter(frame) {
    const fade = [{ opacity: 0 }, { opacity: 1 }];
    const timing = (order) => ({ delay: 130 * order, duration: 240, fill: "backwards" });
    this.circles.forEach(({ value, delta, sides, layer }) => {
      if (frame.phase === "forward") value.animate(fade, timing(layer));
      if (frame.phase === "backward") [delta, sides?.derivative].forEach((text) => text?.animate(fade, timing(last - layer)));
    });
    if (frame.phase === "forward") this.cost.animate(fade, timing(last + 1));
    if (frame.phase === "update") this.labels.querySelectorAll(".now").forEach((text) => text.animate(fade, timing(1)));
  }
}
