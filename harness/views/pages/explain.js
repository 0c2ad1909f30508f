"use strict";
(() => {
  const record = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const PHASES = ["forward", "backward", "update"];
  const PLAY_MS = 1000;
  const MOST_UNITS = 8, MOST_HIDDEN = 3;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // ---- the record: frames, each a stage of one sample ----

  const number = (v) => (typeof v === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[v] : v);

  function rowsOf(part) {
    const { name, formula } = record.shapes[part.shape];
    const columns = ["value", "before", "gradient", "change", "after"].filter((column) => column in part);
    return new Map(name.map((key, i) => [
      key, Object.fromEntries([["formula", formula[i]], ...columns.map((column) => [column, number(part[column][i])])]),
    ]));
  }

  function framesOf(parts) {
    const frames = [], losses = [];
    let batch = [], sample = 0, kept = new Map();
    for (const part of parts) {
      const rows = rowsOf(part);
      if (part.phase === "epoch") {
        losses.push({ at: sample, mean: rows.get("loss_mean").value });
        continue;
      }
      if (part.phase === "optimizer") {
        batch.forEach((one) => Object.assign(one, { keptBefore: kept, takes: rows }));
        kept = rows;
        continue;
      }
      if (part.phase === "forward") {
        batch.push({ values: new Map(rows), at: sample });
        sample += 1;
      } else if (part.phase === "backward") {
        rows.forEach((row, name) => batch.at(-1).values.set(name, row));
      }
      const frame = { epoch: part.epoch, sample: part.sample, phase: part.phase, ...batch.at(-1) };
      frames.push(frame);
      if (part.phase === "update") {
        const first = frames.findLastIndex((earlier) => earlier.update) + 1;
        const { takes, keptBefore } = batch.at(-1);
        frames.slice(first).forEach((one) => Object.assign(one, { update: rows, batch: batch.length, takes, keptBefore }));
        batch = [];
      }
    }
    return { frames, losses };
  }

  const { frames, losses } = framesOf(record.parts);
  const epochs = frames.at(-1).epoch;
  const samples = frames.filter((frame) => frame.epoch === 1 && frame.phase === "forward").length;
  const updates = frames.filter((frame) => frame.phase === "update");
  const forwards = frames.filter((frame) => frame.phase === "forward");
  const names = [...frames[0].values.keys()];
  const layers = [names.filter((name) => /^x\d+$/.test(name)).length];
  names.forEach((name) => {
    const found = /^z(\d+)_(\d+)$/.exec(name);
    if (found) layers[found[1]] = Number(found[2]);
  });
  const last = layers.length - 1;
  const large = Math.max(...layers) > MOST_UNITS || last - 1 > MOST_HIDDEN;
  const parameters = [...updates[0].update.keys()];
  const biases = parameters.some((name) => name[0] === "b");
  const activation = (layer, unit) => (layer === 0 ? `x${unit}` : layer === last ? `y${unit}` : `a${layer}_${unit}`);

  /** What a name of the record belongs to. */
  function partOf(name) {
    const [, kind, first, second, third] = /^([a-z]+)(\d+)(?:_(\d+))?(?:_(\d+))?$/.exec(name).map((v) => v && (Number(v) || v));
    if (kind === "w") return { kind, layer: first, to: second, from: third };
    if (kind === "b") return { kind, layer: first, to: second };
    return { kind: "unit", layer: { x: 0, y: last }[kind] ?? first, unit: second ?? first };
  }

  // ---- numbers in print ----

  function plain(value, digits) {
    const size = Math.abs(value);
    if (Number.isNaN(value)) return "nan";
    if (size === Infinity) return "\u221e";
    if (size === 0) return "0";
    const rounded = Number(size.toPrecision(digits));
    if (rounded >= 1e-4 && rounded < 1e6) return String(rounded);
    return rounded.toExponential().replace("e+", "e").replace("-", "\u2212");
  }
  const print = (value, digits = 4) => (value < 0 ? "\u2212" : "") + plain(value, digits);
  const plus = (value, digits = 4) => (value < 0 ? "\u2212 " : "+ ") + plain(value, digits);

  const greatest = (values) => values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);

  /** The size that is drawn at full width or colour: the greatest, unless the first update could not be seen beside it. */
  function scaleOf(...columns) {
    const all = (update) => [...update.update.values()].flatMap((row) => columns.map((column) => row[column]));
    const early = greatest(all(updates[0])), most = Math.max(...updates.map((update) => greatest(all(update))));
    return Math.min(most, early > 0 ? 5 * early : most) || 1;
  }
  const scales = { weight: scaleOf("before", "after"), gradient: scaleOf("gradient"), change: scaleOf("change") };
  const share = (value, scale) => (Number.isFinite(value) ? Math.min(1, Math.abs(value) / scale) : 1);
  const thickness = (value) => 1.2 + 6.3 * share(value, scales.weight);
  const sign = (value) => (!Number.isFinite(value) ? "broken" : value > 0 ? "positive" : value < 0 ? "negative" : "zero");

  // ---- what is shown ----

  let at = frames.findIndex((frame) => frame.phase === "update");
  let selected = parameters[0], hovered = null, timer = null, drawing = null;

  const valueNow = (frame, row) => row[frame.phase === "update" ? "after" : "before"];
  const shownWeight = (frame, name) => valueNow(frame, frame.update.get(name));

  function where(frame) {
    const order = samples > 1 ? frame.sample : 1;
    return `epoch ${frame.epoch} of ${epochs}, sample ${order} of ${samples}, ${frame.phase}`;
  }

  function sentence(frame) {
    const value = (name) => print(frame.values.get(name).value);
    const outputs = Array.from({ length: layers[last] }, (_, i) => i + 1);
    if (frame.phase === "forward") {
      const each = outputs.map((k) => `y${k} ${value(`y${k}`)}, target ${value(`t${k}`)}`);
      return `${where(frame)}: ${each.join("; ")}; cost ${value("cost")}`;
    }
    if (frame.phase === "backward") {
      const deltas = [...frame.values.keys()].filter((name) => name.startsWith("d")).slice(0, 12);
      return `${where(frame)}: ${deltas.map((name) => `${name} ${value(name)}`).join(", ")}`;
    }
    const changes = parameters.slice(0, 12).map((name) => {
      const row = frame.update.get(name);
      return `${name} from ${print(row.before)} to ${print(row.after)}`;
    });
    return `${where(frame)}: ${changes.join(", ")}`;
  }

  function make(tag, attributes = {}, parent = null, text = null) {
    const element = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    if (text !== null) element.textContent = text;
    parent?.append(element);
    return element;
  }

  function pressable(element, name) {
    element.dataset.name = name;
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    element.addEventListener("click", () => select(name));
    element.addEventListener("pointerenter", () => hover(name));
    element.addEventListener("pointerleave", () => hover(null));
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        event.stopPropagation();
        select(name);
      }
    });
  }

  // ---- the network ----

  const overlap = (a, b, gap = 3) =>
    Math.abs(a.x - b.x) * 2 < a.w + b.w + 2 * gap && Math.abs(a.y - b.y) * 2 < a.h + b.h + 2 * gap;

  function placesOf(width) {
    const across = width >= 640, most = Math.max(...layers), roomy = most <= 4;
    const big = across && most <= 2;
    const radius = big ? 34 : roomy ? 27 : 26;
    const long = across ? [big ? 60 : 46, big ? 210 : 178] : [60, 112 + 16 * (biases ? 2 : 0)];
    const pitch = across ? (big ? 280 : roomy ? 156 : 84) : roomy ? 84 : 94;
    const breadth = across ? Math.max(most * pitch, 250) + 30 : Math.max(width, most * pitch);
    const gap = across ? Math.max((width - long[0] - long[1]) / last, 130) : roomy ? 250 : 210;
    const length = long[0] + gap * last + long[1];
    const units = layers.map((count, layer) => Array.from({ length: count }, (_, j) => {
      const along = long[0] + layer * gap, off = (breadth * (j + 0.5)) / count;
      return across ? { x: along, y: off } : { x: off, y: along };
    }));
    return { across, roomy, big, letter: big ? 9 : 7.2, line: big ? 18 : 15, radius, units, width: across ? length : breadth, height: across ? breadth : length };
  }

  /** How much stands on an edge: two lines, three short ones, or the weight alone. */
  const LEVELS = ["full", "tall", "short"], LINES = { full: 2, tall: 3, short: 1 };

  class Network {
    constructor(svg, width) {
      this.places = placesOf(width);
      this.svg = svg;
      svg.setAttribute("width", this.places.width);
      svg.setAttribute("height", this.places.height);
      svg.classList.toggle("big", this.places.big);
      this.wires = make("g", {}, svg);
      this.units = make("g", {}, svg);
      this.labels = make("g", { "pointer-events": "none" }, svg);
      this.chips = LEVELS.find((level) => this.chipsFit(level)) ?? "none";
      this.edges = new Map();
      this.circles = new Map();
      parameters.filter((name) => name[0] === "w").forEach((name) => this.edge(name));
      layers.forEach((count, layer) => {
        for (let unit = 1; unit <= count; unit += 1) this.unit(layer, unit);
      });
      this.level = LEVELS.find((level) => this.place(level)) ?? "none";
      svg.classList.toggle("dense", this.level === "none");
    }

    /** Whether what stands below the units about their biases has room beside one another. */
    chipsFit(level) {
      const { roomy, across, width } = this.places;
      const widths = parameters.filter((name) => name[0] === "b").map((name) => [partOf(name).layer, this.widest(name, level) + 16]);
      return roomy && (across || widths.every(([layer, w]) => w < width / layers[layer]));
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
      const ring = make("line", { class: "ring", ...path }, group);
      const wire = make("line", { class: "wire", ...path }, group);
      make("line", { class: "hit", ...path }, group);
      pressable(group, name);
      this.edges.set(name, { group, wire, ring, ...ends });
    }

    unit(layer, unit) {
      const { x, y } = this.point(layer, unit), { radius, roomy, across } = this.places, below = this.chips !== "none";
      const name = activation(layer, unit), group = make("g", { class: "unit" }, this.units);
      make("circle", { cx: x, cy: y, r: radius }, group);
      make("text", { class: "name", x, y: y - (roomy ? 12 : 10) }, group, name);
      const value = make("text", { class: "value", x, y: y + 6 }, group);
      pressable(group, name);
      const found = { group, value, layer, unit };
      if (layer > 0) found.delta = make("text", { class: "delta halo", x, y: y - radius - 10 }, group);
      this.circles.set(name, found);
      if (layer > 0 && biases) this.bias(layer, unit, ...(below ? [x, y + radius] : [x - 0.78 * radius, y + 0.6 * radius]));
      if (layer === last) found.sides = this.sides(unit, x, y, across);
    }

    bias(layer, unit, x, y) {
      const { line } = this.places, below = this.chips !== "none", name = `b${layer}_${unit}`, group = make("g", { class: "edge bias" }, this.units);
      const ring = make("line", { class: "ring", x1: x, y1: y, x2: x, y2: y + 12 }, group);
      const wire = make("line", { class: "wire", x1: x, y1: y, x2: x, y2: y + 12 }, group);
      const chip = make("rect", { class: "chip", rx: 4 }, group);
      const lines = [0, 1, 2].map((i) => make("text", below ? { x, y: y + 21 + line * i } : { x, y: y + 7 }, group));
      pressable(group, name);
      this.edges.set(name, { group, wire, ring, chip, lines, x, y, a: { x, y }, b: { x, y: y + 12 } });
    }

    sides(unit, x, y, across) {
      const { radius, width, height } = this.places;
      const start = across ? x + radius + 10 : x;
      const top = across ? y - 10 : y + radius + (biases && this.chips !== "none" ? 22 + this.heightOf(this.chips) : 18);
      const line = (i) => make("text", { class: `side halo ${across ? "start" : ""}`, x: start, y: top + 18 * i }, this.units);
      const [target, slope] = [line(0), line(1)];
      if (unit === 1) {
        const single = layers[last] === 1 && across;
        const place = single ? { x: start, y: top + 40 } : across ? { x: start, y: 16 } : { x: width / 2, y: height - 14 };
        this.cost = make("text", { class: `cost ${across ? "start" : ""}`, ...place }, this.units);
      }
      slope.classList.add("delta");
      return { target, slope };
    }

    /** Boxes that no label may cover. */
    obstacles() {
      const { radius } = this.places;
      return [...this.circles.values()].flatMap(({ layer, unit }) => {
        const { x, y } = this.point(layer, unit), boxes = [{ x, y, w: 2 * radius, h: 2 * radius }];
        if (layer > 0) boxes.push({ x, y: y - radius - 10, w: 62, h: 14 });
        if (layer > 0 && biases) {
          const name = `b${layer}_${unit}`;
          const h = this.heightOf(this.chips);
          boxes.push(this.chips !== "none" ? { x, y: y + radius + 10 + h / 2, w: this.widest(name, this.chips) + 14, h }
            : { x: x - 0.78 * radius, y: y + 0.6 * radius + 7, w: 16, h: 16 });
        }
        return boxes;
      });
    }

    /** Of the box behind a label's lines. */
    heightOf(level) {
      return this.places.line * LINES[level] + 4;
    }

    /** The width to keep for a label at every step. */
    widest(name, level) {
      const texts = updates.flatMap(({ update }) => {
        const row = update.get(name);
        return ["backward", "update"].flatMap((phase) => linesOf(phase, row, level).map(([text]) => text));
      });
      return Math.max(...texts.map((text) => text.length)) * this.places.letter + 8;
    }

    place(level) {
      const edges = [...this.edges].filter(([, edge]) => !edge.chip);
      const steps = Array.from({ length: 31 }, (_, i) => 0.5 + (i % 2 ? -0.02 : 0.02) * Math.ceil(i / 2));
      const found = this.spots(edges.map(([name]) => name), level, () => steps);
      if (found.size < edges.length) return false;
      this.fixed = found;
      return true;
    }

    /** For each of the edges a spot on it, apart from all others, and from other wires if there is one; steps: name ->
     *  the shares of its length to try. */
    spots(wanted, level, steps) {
      const obstacles = this.obstacles(), found = new Map(), h = this.heightOf(level);
      const left = new Map(wanted.map((name) => {
        const { a, b } = this.edges.get(name), w = this.widest(name, level);
        const boxes = steps(name).map((t, rank) => ({ x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y), w, h, rank }));
        const inside = (box) => box.x > w / 2 && box.x < this.places.width - w / 2;
        return [name, boxes.filter((box) => inside(box) && !obstacles.some((other) => overlap(box, other)))];
      }));
      while (left.size) {  // first those that have the fewest spots left
        const [name, boxes] = [...left].reduce((least, one) => (one[1].length < least[1].length ? one : least));
        left.delete(name);
        const others = [...this.edges].filter(([other, edge]) => other !== name && !edge.chip);
        const cost = (box) => 100 * others.filter(([, edge]) => crosses(box, edge)).length + box.rank;
        const [best] = boxes.map((box) => [cost(box), box]).sort(([one], [other]) => one - other);
        if (!best) continue;
        found.set(name, best[1]);
        left.forEach((free, other) => left.set(other, free.filter((box) => !overlap(box, best[1]))));
      }
      return found;
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
      const w = this.widest(name, "full"), h = this.heightOf("full"), x = (a.x + b.x) / 2, y = (a.y + b.y) / 2 + (chip ? 26 : 0);
      return { x: Math.max(w / 2, Math.min(this.places.width - w / 2, x)), y: Math.min(y, this.places.height - 18), w, h };
    }

    show(frame) {
      const near = new Set(this.near(hovered ?? selected));
      this.svg.classList.toggle("faded", this.level === "none");
      this.edges.forEach((edge, name) => {
        const row = frame.update.get(name), value = shownWeight(frame, name), width = thickness(value);
        edge.group.setAttribute("class", `edge ${edge.chip ? "bias" : ""} ${sign(value)} ${near.has(name) ? "near" : ""}`);
        edge.wire.setAttribute("stroke-width", width.toFixed(2));
        edge.ring.setAttribute("stroke-width", (width + 9).toFixed(2));
        edge.group.setAttribute("aria-pressed", String(selected === name));
        edge.group.setAttribute("aria-label", told(frame, name, row));
        if (edge.chip) this.showBias(edge, frame, row);
      });
      this.circles.forEach((circle, name) => this.showUnit(circle, frame, name));
      this.cost.textContent = `cost ${print(frame.values.get("cost").value)}`;
      this.showLabels(frame, near);
    }

    showUnit({ group, value, delta, sides, layer, unit }, frame, name) {
      const text = print(frame.values.get(name).value), back = frame.phase !== "forward";
      const slope = layer > 0 ? print(frame.values.get(`delta${layer}_${unit}`).value) : "";
      value.textContent = text;
      value.style.fontSize = `${Math.min(this.places.big ? 20 : 15, Math.max(9, (2 * this.places.radius - 7) / (0.65 * text.length)))}px`;
      if (delta) delta.textContent = back ? `\u03b4 ${slope}` : "";
      if (sides) {
        sides.target.textContent = `target ${print(frame.values.get(`t${unit}`).value)}`;
        sides.slope.textContent = back ? `dcost/dy ${print(frame.values.get(`dcost/dy${unit}`).value)}` : "";
      }
      group.setAttribute("aria-pressed", String(selected === name));
      group.setAttribute("aria-label", `${name} ${text}${back && slope ? `, delta ${slope}` : ""}`);
    }

    showBias({ chip, lines, x, y }, frame, row) {
      const below = this.chips !== "none", shown = below ? linesOf(phaseOf(frame), row, this.chips) : [["", ""]];
      lines.forEach((line, i) => {
        const [text, style] = shown[i] ?? ["", ""];
        line.textContent = i === 0 ? `b ${text}`.trim() : text;
        line.setAttribute("class", i === 0 ? "" : style);
      });
      const w = below ? Math.max(...lines.map((line) => line.textContent.length)) * this.places.letter + 10 : 14;
      const h = below ? this.places.line * shown.length + 5 : 14;
      Object.entries({ x: x - w / 2, y: y + (below ? 11 : 0), width: w, height: h })
        .forEach(([key, value]) => chip.setAttribute(key, value));
    }

    showLabels(frame, near) {
      let spots = this.fixed, level = this.level;
      if (level === "none") {
        level = near.size === 1 ? "full" : "short";
        const single = near.size === 1 && this.edges.get([...near][0]);
        const unit = partOf(hovered ?? selected);
        const chosen = [...near].filter((name) => near.size === 1 || name[0] === "w");
        const [out, into] = [[0.72, 0.78, 0.66, 0.84, 0.6, 0.54], [0.28, 0.22, 0.34, 0.16, 0.4, 0.46]];
        spots = single ? new Map([[chosen[0], this.middle(single, chosen[0])]])
          : this.spots(chosen, level, (name) => (partOf(name).layer === unit.layer ? into : out));
      }
      this.labels.replaceChildren();
      spots.forEach((box, name) => label(this.labels, box, frame, name, level, this));
    }

    /** Values fill in from the inputs on, deltas from the outputs back. */
    enter(frame) {
      const fade = [{ opacity: 0 }, { opacity: 1 }];
      const timing = (order) => ({ delay: 130 * order, duration: 240, fill: "backwards" });
      this.circles.forEach(({ value, delta, sides, layer }) => {
        if (frame.phase === "forward") value.animate(fade, timing(layer));
        if (frame.phase === "backward") [delta, sides?.slope].forEach((text) => text?.animate(fade, timing(last - layer)));
      });
      if (frame.phase === "forward") this.cost.animate(fade, timing(last + 1));
      if (frame.phase === "update") this.labels.querySelectorAll(".now").forEach((text) => text.animate(fade, timing(1)));
    }
  }

  function crosses(box, { a, b }) {
    for (let i = 0; i <= 40; i += 1) {
      const x = a.x + (i / 40) * (b.x - a.x), y = a.y + (i / 40) * (b.y - a.y);
      if (Math.abs(x - box.x) < box.w / 2 && Math.abs(y - box.y) < box.h / 2) return true;
    }
    return false;
  }

  /** Gradients are shown with the backward pass that they come from, unless more samples are to come. */
  const phaseOf = (frame) => (frame.phase === "backward" && frame.batch > 1 ? "forward" : frame.phase);

  /** The lines on an edge, each with its style: the weight; then its gradient; then before + change = after. */
  function linesOf(phase, row, level) {
    const after = print(row.after), before = print(row.before), gradient = print(row.gradient);
    if (level === "short") return [[phase === "update" ? after : before, "now"]];
    if (phase === "update") {
      const sum = level === "full" ? [`${before} ${plus(row.change)}`] : [before, plus(row.change)];
      return [...sum.map((text) => [text, ""]), [`= ${after}`, "now"]];
    }
    if (phase === "forward") return [[before, "now"]];
    const slope = level === "full" ? [`grad ${gradient}`] : ["grad", gradient];
    return [[before, ""], ...slope.map((text) => [text, "gradient"])];
  }

  function label(parent, box, frame, name, level, { places, level: shown }) {
    const lines = linesOf(phaseOf(frame), frame.update.get(name), level), pitch = places.line;
    const group = make("g", { class: "label", "data-label": name }, parent);
    const w = Math.max(...lines.map(([text]) => text.length)) * places.letter + 8, h = pitch * lines.length + 4;
    const chip = make("rect", { class: "chip", x: box.x - w / 2, y: box.y - h / 2, width: w, height: h, rx: 4 }, group);
    if (shown === "none") chip.setAttribute("stroke", "var(--line)");
    lines.forEach(([text, style], i) => make("text", { x: box.x, y: box.y + pitch * (i - (lines.length - 1) / 2), class: style }, group, text));
  }

  function told(frame, name, row) {
    const { kind, layer, to, from } = partOf(name);
    const ends = kind === "b" ? `bias of ${activation(layer, to)}` : `${activation(layer - 1, from)} to ${activation(layer, to)}`;
    const change = frame.phase === "update" ? `, change ${print(row.change)}, after ${print(row.after)}` : "";
    return `${name}, ${ends}: ${print(row.before)}${change}`;
  }

  // ---- larger networks: a heat map for each layer ----

  const theme = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/gi).map((hex) => parseInt(hex, 16));
    return Object.fromEntries(["back", "positive", "negative", "text"].map((name) => [name, colour(`--${name}`)]));
  };

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

  class Maps {
    constructor(svg, width) {
      this.svg = svg;
      this.blocks = [];
      const gap = 34, top = 64;
      let y = 10, widest = width;
      for (let layer = 1; layer <= last; layer += 1) {
        const inputs = layers[layer - 1], columns = inputs + (biases ? 1.6 : 0);
        const pair = width >= 640, room = (pair ? (width - gap) / 2 : width) - 94;
        const cell = Math.max(5, Math.min(22, Math.floor(room / columns), Math.floor(560 / layers[layer])));
        const size = { w: columns * cell, h: layers[layer] * cell };
        make("text", { class: "start halo", x: 10, y: y + 8, style: "font-weight:600" }, svg, `layer ${layer}: ${inputs} \u2192 ${layers[layer]}`);
        const first = this.block(layer, "weight", 26, y + top, cell);
        const second = pair ? this.block(layer, "effect", 26 + size.w + 76 + gap, y + top, cell)
          : this.block(layer, "effect", 26, y + top + size.h + 50, cell);
        this.blocks.push(first, second);
        widest = Math.max(widest, pair ? 2 * size.w + 210 : size.w + 96);
        y += top + size.h + (pair ? 26 : size.h + 76);
      }
      this.cost = make("text", { class: "cost start", x: 10, y: y + 6 }, svg);
      svg.setAttribute("width", widest);
      svg.setAttribute("height", y + 30);
    }

    block(layer, what, x, y, cell) {
      const inputs = layers[layer - 1], outputs = layers[layer];
      const group = make("g", what === "weight" ? { class: "map", tabindex: 0, role: "group" } : { class: "map" }, this.svg);
      const place = (w, h, dx, dy) => ({ x: x + dx * cell, y: y + dy * cell, width: w * cell, height: h * cell });
      const image = (area) => {
        const made = make("image", { ...area, preserveAspectRatio: "none", style: "image-rendering:pixelated" }, group);
        if (what === "weight") make("rect", { class: "frame", ...area }, group);
        return made;
      };
      const caption = (text, cx, cy, mode = "") => make("text", { class: `name ${mode}`, x: cx, y: cy }, group, text);
      const made = { layer, what, group, cell, x, y, weights: image(place(inputs, outputs, 0, 0)) };
      if (what === "effect") make("rect", { class: "frame", ...place(inputs, outputs, 0, 0) }, group);
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
      group.addEventListener("click", (event) => {
        const frame = this.svg.getBoundingClientRect();
        const i = Math.floor((event.clientX - frame.left - x) / cell), j = Math.floor((event.clientY - frame.top - y) / cell);
        if (j < 0 || j >= outputs || i < 0) return;
        if (i < inputs) select(`w${layer}_${j + 1}_${i + 1}`);
        else if (biases && i < inputs + 2) select(`b${layer}_${j + 1}`);
      });
      if (what === "weight") group.addEventListener("keydown", (event) => this.move(event, layer));
      return made;
    }

    move(event, layer) {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const now = partOf(selected), here = now.layer === layer && now.kind !== "unit";
      const clamp = (value, most) => Math.max(1, Math.min(most, value));
      const from = clamp((here ? now.from ?? layers[layer - 1] + 1 : 1) + (here ? step[1] : 0), layers[layer - 1] + (biases ? 1 : 0));
      const to = clamp((here ? now.to : 1) + (here ? step[0] : 0), layers[layer]);
      select(from > layers[layer - 1] ? `b${layer}_${to}` : `w${layer}_${to}_${from}`);
    }

    show(frame) {
      const colours = theme(), back = frame.phase !== "forward", now = partOf(selected);
      const range = (count) => Array.from({ length: count }, (_, i) => i + 1);
      const values = (list) => list.map((name) => frame.values.get(name).value);
      const draw = (image, rows, scale) => image?.setAttribute("href", picture(rows, scale, colours));
      this.blocks.forEach(({ layer, what, group, cell, x, y, ...images }) => {
        const inputs = range(layers[layer - 1]), outputs = range(layers[layer]);
        const effect = frame.phase === "update" ? "change" : frame.batch === 1 && back ? "gradient" : null;
        const shown = what === "weight" ? what : effect, scale = scales[shown];
        const number = (name) => (what === "weight" ? shownWeight(frame, name) : frame.update.get(name)[effect] ?? 0);
        images.caption.textContent = shown ? `${shown} \u00b1${print(scale)}` : "";
        draw(images.weights, outputs.map((j) => inputs.map((i) => number(`w${layer}_${j}_${i}`))), scale);
        draw(images.biases, outputs.map((j) => [number(`b${layer}_${j}`)]), scale);
        if (what === "weight") {
          const below = values(inputs.map((i) => activation(layer - 1, i)));
          const above = values(outputs.map((j) => activation(layer, j))), delta = values(outputs.map((j) => `delta${layer}_${j}`));
          draw(images.above, [below], greatest(below) || 1);
          draw(images.out, above.map((v) => [v]), greatest(above) || 1);
          draw(images.delta, delta.map((v) => [back ? v : 0]), greatest(delta) || 1);
          const chosen = now.layer === layer && now.kind !== "unit" ? `, selected ${told(frame, selected, frame.update.get(selected))}` : "";
          group.setAttribute("aria-label", `layer ${layer}: ${layers[layer]} x ${layers[layer - 1]} weights${chosen}; arrow keys select`);
        }
        const mine = now.layer === layer && now.kind !== "unit" && shown;
        [images.weights, images.biases, images.side].forEach((image) => image?.setAttribute("visibility", shown ? "visible" : "hidden"));
        images.mark.setAttribute("visibility", mine ? "visible" : "hidden");
        if (mine) {
          images.mark.setAttribute("x", x + (now.from ? now.from - 1 : layers[layer - 1] + 0.6) * cell);
          images.mark.setAttribute("y", y + (now.to - 1) * cell);
        }
      });
      this.cost.textContent = `cost ${print(frame.values.get("cost").value)}`;
    }

    enter() {}
  }

  // ---- the panel: formulas, and the same with numbers ----

  const inBrackets = (value) => (value < 0 ? `(${print(value, 6)})` : print(value, 6));

  /** What a formula of a weight's update calls by short names: name -> number. g: what its gradient is taken to be. */
  function shortNames(frame, name, kept) {
    const { layer } = partOf(name), row = frame.update.get(name), found = new Map();
    frame.takes.forEach(({ value }, key) => {
      if (!key.includes(" ")) found.set(key, value);
      else if (key.endsWith(` of ${name}`)) found.set(key.split(" ")[0], kept.get(key)?.value ?? 0);
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

  function panelOf(frame, name) {
    const { kind, layer, unit, to, from } = partOf(name);
    if (kind === "unit") {
      const named = [`z${layer}_${unit}`, name, ...(layer === last ? [`t${unit}`, "cost"] : [])];
      const back = [...(layer === last ? [`dcost/dy${unit}`] : []), `delta${layer}_${unit}`];
      const shown = (frame.phase === "forward" ? named : [...named, ...back]).filter((key) => frame.values.has(key));
      const title = layer === 0 ? "input" : layer === last ? "output" : `unit ${unit} of layer ${layer}`;
      const text = shown.map((key) => {
        const row = frame.values.get(key);
        return key === "cost" ? `cost = ${row.formula}\n  = ${print(row.value, 6)}` : derivation(`${key} =`, row.formula, filled(row.formula, frame), row.value);
      });
      return { title, text, numbers: [] };
    }
    const row = frame.update.get(name), text = updateOf(frame, name);
    const title = kind === "b" ? `bias of ${activation(layer, to)}` : `${activation(layer - 1, from)} \u2192 ${activation(layer, to)}`;
    return { title, text, numbers: ["before", "gradient", "change", "after"].map((key) => [key, print(row[key], 10)]) };
  }

  function html(tag, text, parent, className = "") {
    const element = document.createElement(tag);
    element.textContent = text;
    element.className = className;
    parent.append(element);
    return element;
  }

  function showPanel(frame) {
    const panel = $("panel"), name = hovered ?? selected, { title, text, numbers } = panelOf(frame, name);
    panel.replaceChildren();
    const heading = html("h2", name, panel);
    html("small", title, heading);
    text.forEach((one) => html("pre", one, panel));
    const list = html("dl", "", panel, "numbers");
    numbers.forEach(([key, value]) => {
      html("dt", key, list);
      html("dd", value, list);
    });
  }

  // ---- the curves ----

  /** Straight, or over more than three powers of ten logarithmic, on both sides of zero if need be. */
  function curveScale(sizes, low) {
    const most = Math.max(...sizes), least = Math.min(...sizes.filter((size) => size > 0)), middle = sizes[0] || least;
    if (low > 0 && most / least > 1e3) return Math.log10;
    return most > 1e3 * middle ? (value) => Math.asinh(value / middle) : (value) => value;
  }

  function chart(svg, curves, now, text) {
    const width = svg.clientWidth || 340, height = 128, box = { l: 66, r: 10, t: 10, b: 20 };
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", text);
    const values = curves.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
    if (!values.length) return;
    let [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = curveScale(values.map(Math.abs), low);
    if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
    const most = forwards.length, digits = print(low, 3) === print(high, 3) ? 5 : 3;
    const px = (x) => box.l + (x / most) * (width - box.l - box.r);
    const py = (y) => height - box.b - ((scale(y) - scale(low)) / (scale(high) - scale(low))) * (height - box.t - box.b);
    [low, high].forEach((y) => {
      make("line", { class: "grid", x1: box.l, x2: width - box.r, y1: py(y), y2: py(y) }, svg);
      make("text", { x: box.l - 6, y: py(y), style: "text-anchor:end" }, svg, print(y, digits));
    });
    make("text", { x: box.l, y: height - 8 }, svg, "0");
    make("text", { x: width - box.r, y: height - 8, style: "text-anchor:end" }, svg, `${epochs} epoch${epochs > 1 ? "s" : ""}`);
    make("line", { class: "cursor", x1: px(now), x2: px(now), y1: box.t, y2: height - box.b }, svg);
    curves.forEach(({ points, style, dot }) => {
      let pen = "M";
      const path = points.map(([x, y]) => {
        const command = Number.isFinite(y) ? `${pen}${px(x).toFixed(1)} ${py(y).toFixed(1)}` : "";
        pen = Number.isFinite(y) ? "L" : "M";
        return command;
      });
      make("path", { class: `curve ${style}`, d: path.join("") }, svg);
      const here = dot && points.find(([x]) => x === now);
      if (here && Number.isFinite(here[1])) make("circle", { class: "dot", cx: px(now), cy: py(here[1]), r: 4 }, svg);
    });
  }

  const costs = forwards.map((frame) => [frame.at, frame.values.get("cost").value]);
  const means = losses.map(({ at: end, mean }) => [end - samples / 2, mean]);

  function seriesOf(name) {
    if (partOf(name).kind === "unit") return forwards.map((frame) => [frame.at, frame.values.get(name).value]);
    const start = [0, updates[0].update.get(name).before];
    return [start, ...updates.map((frame) => [frame.at + 1, frame.update.get(name).after])];
  }

  function showCurves(frame) {
    const cost = print(frame.values.get("cost").value), mean = losses[frame.epoch - 1];
    const done = frame.phase === "update" ? frame.at + 1 : frame.at;
    $("loss-title").textContent = samples > 1 ? `loss: cost ${cost}, mean of the epoch ${print(mean.mean)}` : `loss ${cost}`;
    const curves = samples > 1 ? [{ points: costs, style: "thin" }, { points: means, style: "" }] : [{ points: costs, style: "", dot: true }];
    chart($("loss"), curves, frame.at, `${$("loss-title").textContent}, over ${epochs} epochs`);
    const unit = partOf(selected).kind === "unit";
    const value = unit ? frame.values.get(selected).value : shownWeight(frame, selected);
    $("weight-title").textContent = `${selected} ${print(value)}`;
    const batchStart = unit ? frame.at : frame.phase === "update" ? done : frame.at - (frame.at % frame.batch);
    chart($("weight"), [{ points: seriesOf(selected), style: "", dot: true }], unit ? frame.at : batchStart, `${selected} ${print(value)}, over ${epochs} epochs`);
  }

  // ---- everything together ----

  function show(entering) {
    const frame = frames[at];
    drawing.show(frame);
    if (entering && !still.matches) drawing.enter(frame);
    showPanel(frame);
    showCurves(frame);
    $("where").textContent = where(frame);
    $("slider").value = at;
    $("slider").setAttribute("aria-valuetext", where(frame));
    document.querySelectorAll("[data-phase]").forEach((button) => {
      const here = button.dataset.phase === frame.phase;
      if (here) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    [["first", 0], ["back", 0], ["on", frames.length - 1], ["last", frames.length - 1]].forEach(([id, end]) => {
      $(id).disabled = at === end;
    });
    if (timer === null) $("spoken").textContent = sentence(frame);
    document.documentElement.dataset.drawn = String(at);
  }

  function go(to) {
    const bounded = Math.max(0, Math.min(frames.length - 1, to));
    if (bounded === at) return;
    at = bounded;
    show(true);
  }

  /** The same stage of another sample, one step on or back; at the ends the first or last frame. */
  function step(direction) {
    const { phase } = frames[at];
    let to = at + direction;
    while (frames[to] && frames[to].phase !== phase) to += direction;
    go(to);
  }

  /** A stage of this sample, or of the batch that it is in. */
  function stage(phase) {
    const first = frames.findLastIndex((frame, i) => i <= at && frame.phase === "forward");
    go(frames.findIndex((frame, i) => i >= first && frame.phase === phase));
  }

  function select(name) {
    selected = name;
    hovered = null;
    show(false);
  }

  function hover(name) {
    hovered = name;
    showPanel(frames[at]);
    if (drawing.level === "none") drawing.show(frames[at]);
  }

  function play() {
    if (timer !== null) {
      clearInterval(timer);
      timer = null;
    } else {
      if (at === frames.length - 1) go(0);
      timer = setInterval(() => (at === frames.length - 1 ? play() : go(at + 1)), PLAY_MS);
    }
    $("play").textContent = timer === null ? "\u25b6\ufe0e play" : "\u23f8\ufe0e pause";
    $("play").setAttribute("aria-label", timer === null ? "Play" : "Pause");
    show(false);
  }

  function build() {
    const svg = $("diagram");
    svg.replaceChildren();
    svg.setAttribute("aria-label", `network ${layers.join("-")}`);
    drawing = new (large ? Maps : Network)(svg, $("box").clientWidth);
    show(false);
  }

  function legend() {
    const parent = document.querySelector(".legend");
    const entry = (mark, text) => {
      const span = html("span", "", parent);
      if (mark !== null) html("i", "", span, mark);
      span.append(text);
      return span;
    };
    entry("", "positive");
    entry("minus", "negative");
    entry(null, large ? "stronger: larger" : "wider: larger");
    const delta = entry(null, "");
    html("b", "\u03b4", delta);
    delta.append(" dcost/dz");
    if (!large) {
      const gradient = entry(null, "");
      html("b", "grad", gradient);
      gradient.append(" dcost/dw");
    }
  }

  const keys = {
    ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), ArrowUp: () => step(1), ArrowDown: () => step(-1),
    PageUp: () => step(1), PageDown: () => step(-1), Home: () => go(0), End: () => go(frames.length - 1),
  };

  document.addEventListener("keydown", (event) => {
    const plainKey = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey;
    const key = event.key === " " && event.target === document.body ? play : keys[event.key];
    if (!plainKey || !key) return;
    event.preventDefault();
    key();
  });
  $("slider").max = frames.length - 1;
  $("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  $("first").addEventListener("click", () => go(0));
  $("back").addEventListener("click", () => go(at - 1));
  $("on").addEventListener("click", () => go(at + 1));
  $("last").addEventListener("click", () => go(frames.length - 1));
  $("play").addEventListener("click", play);
  document.querySelectorAll("[data-phase]").forEach((button) => button.addEventListener("click", () => stage(button.dataset.phase)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(false));
  let width = 0;
  new ResizeObserver(() => {
    if ($("box").clientWidth === width) return;
    width = $("box").clientWidth;
    build();
  }).observe($("box"));
  legend();
  width = $("box").clientWidth;
  build();
})();
