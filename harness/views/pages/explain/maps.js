// A larger network: a heat map of each layer's weights, and one of what a stage does to them.

function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/gi).map((hex) => parseInt(hex, 16));
  return Object.fromEntries(["back", "positive", "negative", "text"].map((name) => [name, colour(`--${name}`)]));
}

function picture(rows, scale, colours) {
  const canvas = document.createElement("canvas");
  canvas.width = rows[0].length;
  canvas.height = rows.length;
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  rows.flat().forEach((value, i) => {
    const goal = !Number.isFinite(value) ? colours.text : value > 0 ? colours.positive : colours.negative;
    const part = value === 0 ? 0 : 0.06 + 0.94 * share(value, scale);
    image.data.set([...goal.map((c, k) => Math.round(colours.back[k] + part * (c - colours.back[k]))), 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** Beside a map of weights stand the activations and deltas, beside one of what a stage does to them nothing. */
const SIDES = 98, EDGE = 64, HEAD = 64, CAPTIONS = 118;

/** Where the two maps of each layer stand, row by row, their cells as large as fit into the window, if they can be. */
function flow(width, height) {
  for (let most = 26; ; most -= 0.5) {
    let x = 0, y = 10, deep = 0;
    const found = layers.slice(1).map((outputs, below) => {
      const columns = layers[below] + (biases ? 1.6 : 0), pair = (width - SIDES - EDGE) / 2 / columns >= (width < 640 ? 6 : 2);
      const cell = Math.min(most, pair ? (width - SIDES - EDGE) / 2 / columns : (width - SIDES) / columns);
      const w = columns * cell, h = outputs * cell;
      const wide = Math.max(pair ? 2 * w + SIDES + EDGE : w + SIDES, pair ? CAPTIONS + 206 : 0, 7.8 * titleOf(below + 1).length + 24), tall = HEAD + (pair ? h + 20 : 2 * h + 76);
      if (x > 0 && x + wide > width) [x, y, deep] = [0, y + deep, 0];
      const place = { x, y, cell, w, h, pair };
      [x, deep] = [x + wide, Math.max(deep, tall)];
      return place;
    });
    if (y + deep + 34 <= height || most <= (width < 640 ? 13 : 2)) return { found, bottom: y + deep };
  }
}

class Maps {
  constructor(svg, width, height) {
    this.svg = svg;
    this.blocks = [];
    const { found, bottom } = flow(width, height);
    found.forEach(({ x, y, cell, w, h, pair }, below) => {
      const layer = below + 1;
      make("text", { class: "start halo", x: x + 10, y: y + 8, style: "font-weight:600" }, svg, titleOf(layer));
      this.blocks.push(this.block(layer, "weight", x + 26, y + HEAD, cell));
      this.blocks.push(pair ? this.block(layer, "effect", x + 26 + Math.max(w + SIDES - 14, CAPTIONS), y + HEAD, cell) : this.block(layer, "effect", x + 26, y + HEAD + h + 50, cell));
    });
    this.cost = make("text", { class: "cost start", x: 10, y: bottom + 8 }, svg);
    svg.setAttribute("width", width - 2);
    svg.setAttribute("height", bottom + 28);
  }

  block(layer, what, x, y, cell) {
    const inputs = layers[layer - 1], outputs = layers[layer];
    const group = make("g", what === "weight" ? { class: "map", tabindex: 0, role: "group" } : { class: "map" }, this.svg);
    const place = (w, h, dx, dy) => ({ x: x + dx * cell, y: y + dy * cell, width: w * cell, height: h * cell });
    const image = (area) => {
      const made = make("image", { ...area, preserveAspectRatio: "none", style: "image-rendering:pixelated" }, group);
      make("rect", { class: "frame", ...area }, group);
      return made;
    };
    const caption = (text, cx, cy, mode = "") => make("text", { class: `name ${mode}`, x: cx, y: cy }, group, text);
    const made = { layer, what, group, cell, x, y, weights: image(place(inputs, outputs, 0, 0)) };
    made.caption = caption("", x, y - 36, "start");
    if (biases) {
      made.biases = image(place(1, outputs, inputs + 0.6, 0));
      made.side = caption("b", x + (inputs + 1.1) * cell, y - 9);
    }
    if (what === "weight") {
      made.above = image({ x, y: y - 16, width: inputs * cell, height: 12 });
      const edge = x + (inputs + (biases ? 1.6 : 0)) * cell;
      made.out = image({ x: edge + 10, y, width: 16, height: outputs * cell });
      made.delta = image({ x: edge + 36, y, width: 16, height: outputs * cell });
      caption(layer === 1 ? "x" : "a", x - 10, y - 10);
      caption(layer === last ? "y" : "a", edge + 18, y - 9);
      caption("\u03b4", edge + 44, y - 9);
    }
    made.mark = make("rect", { class: "cell", fill: "none", "aria-pressed": "true", width: cell, height: cell }, group);
    const nameAt = (event) => {
      const frame = this.svg.getBoundingClientRect();
      const i = Math.floor((event.clientX - frame.left - x) / cell), j = Math.floor((event.clientY - frame.top - y) / cell);
      if (j < 0 || j >= outputs || i < 0) return null;
      return network[layer][j].weights[i] ?? (biases && i < inputs + 2 ? network[layer][j].bias : null);
    };
    group.addEventListener("click", (event) => nameAt(event) && select(nameAt(event)));
    group.addEventListener("pointermove", (event) => hover(nameAt(event)));
    group.addEventListener("pointerleave", () => hover(null));
    if (what === "weight") group.addEventListener("keydown", (event) => this.move(event, layer));
    return made;
  }

  move(event, layer) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const now = partOf(selectedNow()), here = now.layer === layer && now.kind !== "unit";
    const clamp = (value, most) => Math.max(1, Math.min(most, value));
    const from = clamp((here ? now.from ?? layers[layer - 1] + 1 : 1) + (here ? step[1] : 0), layers[layer - 1] + (biases ? 1 : 0));
    const to = clamp((here ? now.to : 1) + (here ? step[0] : 0), layers[layer]);
    select(namesOf(layer, to).weights[from - 1] ?? namesOf(layer, to).bias);
  }

  show(frame) {
    const colours = theme(), name = selectedNow(), now = partOf(name);
    this.blocks.forEach((block) => {
      const { what, layer, x, y, cell } = block, { title, number, scale } = this.shown(frame, what, layer);
      block.caption.textContent = `${title} \u00b1${print(scale)}`;
      draw(block.weights, network[layer].map((unit) => unit.weights.map((one, i) => number(one, unit, network[layer - 1][i]))), scale, colours);
      if (biases) draw(block.biases, network[layer].map((unit) => [number(unit.bias, unit)]), scale, colours);
      if (what === "weight") this.sides(frame, block, colours);
      const mine = now.layer === layer && now.kind !== "unit";
      block.mark.setAttribute("visibility", mine ? "visible" : "hidden");
      if (mine) {
        block.mark.setAttribute("x", x + (now.from ? now.from - 1 : layers[layer - 1] + 0.6) * cell);
        block.mark.setAttribute("y", y + (now.to - 1) * cell);
      }
      if (what !== "weight") return;
      const chosen = mine ? `, selected ${told(frame, name, frame.update.get(name))}` : "";
      block.group.setAttribute("aria-label", `layer ${layer}: ${layers[layer]} x ${layers[layer - 1]} weights${chosen}; arrow keys select`);
    });
    this.cost.textContent = `cost ${print(frame.values.get("cost").value)}`;
  }

  /** What a map shows: its title, its numbers by name, unit and the unit below (none: the bias), and their scale. The
   *  weights; or beside them what the stage makes of each: its term of the sum, its gradient, its change. */
  shown(frame, what, layer) {
    const value = (name) => frame.values.get(name).value, row = (name) => frame.update.get(name);
    if (what === "weight") return { title: "weight", number: (name) => shownWeight(frame, name), scale: scales.weight };
    if (frame.phase === "update") return { title: "change", number: (name) => row(name).change, scale: this.scale(layer, "change") };
    if (frame.phase === "forward") {
      const number = (name, _, below) => row(name).before * (below ? value(below.name) : 1);
      const all = network[layer].flatMap((unit) => unit.weights.map((one, i) => number(one, unit, network[layer - 1][i])));
      return { title: "weight \u00d7 activation", number, scale: greatest(all) || 1 };
    }
    const number = frame.summed ? (_, unit, below) => value(unit.delta) * (below ? value(below.name) : 1) : (name) => row(name).gradient;
    return { title: frame.summed ? "gradient of this sample" : "gradient", number, scale: this.scale(layer, "gradient") };
  }

  /** A layer's own: what it is changed by may be far less than another's. */
  scale(layer, column) {
    const own = (update) => new Map([...update].filter(([name]) => partOf(name).layer === layer));
    this.known ??= {};
    this.known[`${column} ${layer}`] ??= scaleOf(updates.map(own), column);
    return this.known[`${column} ${layer}`];
  }

  /** The activations below and above, and the deltas. */
  sides(frame, { layer, above, out, delta }, colours) {
    const values = (units, key) => units.map((unit) => frame.values.get(unit[key]).value);
    const under = values(network[layer - 1], "name"), over = values(network[layer], "name");
    const back = frame.phase === "forward" ? over.map(() => 0) : values(network[layer], "delta");
    draw(above, [under], greatest(under) || 1, colours);
    draw(out, over.map((v) => [v]), greatest(over) || 1, colours);
    draw(delta, back.map((v) => [v]), greatest(back) || 1, colours);
  }

  enter() {}
}

function draw(image, rows, scale, colours) {
  image.setAttribute("href", picture(rows, scale, colours));
}

/** The units of a layer, and which of them a map has, where they are not all. */
function titleOf(layer) {
  const text = (units) => `${units[layer - 1]} \u2192 ${units[layer]}`;
  return `layer ${layer}: ${text(about.layers)}${text(layers) === text(about.layers) ? "" : `, the first ${text(layers)}`}`;
}
