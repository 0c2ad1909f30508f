"use strict";
/* The pictures of a report: data and plotly lie compressed in the page; every choice draws them anew. */

const RAN = 0, SETTLED = 1, DIVERGED = 2, ALL = "all", NONE = "none";
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x"];
const FEW = 8, DECADES = 3;

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const at = (id) => document.getElementById(id);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const shown = (value) => (value === null || value === undefined ? "none"
  : typeof value === "number" ? Number(value.toPrecision(6)).toString() : String(value));
const words = (name) => name.replaceAll("_", " ");

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(at(id).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function quantile(sorted, share) {
  const place = share * (sorted.length - 1), below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

function choice(form, name, label, options, chosen, changed) {
  const select = element("select", {name, id: `${form.id}-${name}`});
  for (const [value, text] of options) select.append(element("option", {value, textContent: text}));
  if (chosen !== undefined) select.value = chosen;
  select.addEventListener("change", changed);
  form.append(element("label", {htmlFor: select.id}, label, select));
  return select;
}

class Report {
  constructor(data) {
    this.data = data;
    this.axes = new Map(data.axes.map((axis) => [axis.name, axis]));
    this.count = data.columns.config.length;
    this.quantities = [...data.losses, ...data.epochs, ...data.weights];
    this.first = this.quantities.find((name) => this.column(name).some((value) => value !== null)) ?? this.quantities[0];
  }

  column(name) { return this.data.columns[name]; }

  /* Axes, those first that one would look along: learning rates, epochs, then the longest; repeats, and what not every
     row has, last. */
  ranked() {
    const rank = ({name, values}) => (this.column(name).includes(-1) ? 4 : name.startsWith("learning_rate") ? 0 : name === "epochs" ? 1 : name === "repeat" ? 3 : 2 + 1 / (1 + values.length));
    return [...this.axes.values()].sort((a, b) => rank(a) - rank(b));
  }

  /* Whether a row has values of these axes; in a union of grids not every row has all. */
  has(row, ...axes) { return axes.every((axis) => this.column(axis.name)[row] >= 0); }

  isLoss(name) { return this.data.losses.includes(name); }

  /* The rows where every axis that is held has its value: [row, ..]. */
  rows(held) {
    const kept = [];
    for (let row = 0; row < this.count; row++) {
      if (held.every(([name, value]) => this.column(name)[row] === value)) kept.push(row);
    }
    return kept;
  }

  layout(more) {
    const font = {color: style("text"), family: getComputedStyle(document.body).fontFamily, size: 13};
    const axis = {gridcolor: style("line"), linecolor: style("muted"), zerolinecolor: style("line"), automargin: true};
    const narrow = window.innerWidth < 600;
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font, autosize: true, hovermode: "closest",
      margin: {l: 60, r: 20, t: 30, b: 50}, showlegend: true, modebar: {bgcolor: "rgba(0,0,0,0)", color: style("muted"), activecolor: style("text")},
      legend: {orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)"},
      ...more, xaxis: {...axis, nticks: narrow ? 5 : 12, ...more.xaxis}, yaxis: {...axis, ...more.yaxis},
    };
  }

  draw(id, traces, layout, sentence) {
    const config = {responsive: true, displaylogo: false, displayModeBar: window.innerWidth >= 600 ? "hover" : false};
    at(id).setAttribute("aria-label", sentence);
    return Plotly.react(at(id), traces, this.layout(layout), config);
  }

  row(row) {
    const entries = Object.entries(this.data.columns).filter(([name, values]) => values[row] !== null && name !== "run");
    const list = element("dl");
    for (const [name, values] of entries) {
      const axis = this.axes.get(name);
      const value = axis ? axis.values[values[row]] : name === "status" ? this.data.statuses[values[row]] : values[row];
      list.append(element("div", {}, element("dt", {textContent: name}), element("dd", {textContent: shown(value)})));
    }
    const command = `${this.data.explain} --config ${this.column("config")[row]} --html row.html`;
    at("row").replaceChildren(list, element("code", {textContent: command}));
  }
}

/* What to hold still: a choice for each axis that is not drawn. */
class Held {
  /* last: at first, epochs are held at their most. */
  constructor(report, form, changed, last) { Object.assign(this, {report, form, changed, last, selects: new Map()}); }

  offer(drawn) {
    for (const [name, select] of this.selects) {
      if (drawn.includes(name)) { select.parentElement.remove(); this.selects.delete(name); }
    }
    for (const axis of this.report.axes.values()) {
      if (drawn.includes(axis.name) || this.selects.has(axis.name)) continue;
      const options = [[ALL, "all (median)"], ...axis.values.map((value, k) => [k, shown(value)])];
      const first = this.last && axis.name === "epochs" ? axis.values.length - 1 : ALL;
      this.selects.set(axis.name, choice(this.form, axis.name, words(axis.name), options, first, this.changed));
    }
  }

  get values() {
    return [...this.selects].filter(([, select]) => select.value !== ALL).map(([name, s]) => [name, Number(s.value)]);
  }
}

/* Positions along an axis: equal distances, so that grids of any spacing fill the picture; ticks name some values. used:
   positions that have something to show. */
function ticks(axis, most, used) {
  const least = used.reduce((a, b) => Math.min(a, b), Infinity), greatest = used.reduce((a, b) => Math.max(a, b), -Infinity);
  const range = used.length ? [least - 0.5, greatest + 0.5] : [-0.5, axis.values.length - 0.5];
  const count = axis.values.length, step = Math.max(1, Math.ceil((count - 1) / Math.max(1, most - 1)));
  const chosen = [];
  for (let k = 0; k < count; k += step) chosen.push(k);
  const short = (value) => (typeof value === "number" ? Number(value.toPrecision(3)).toString() : value);
  return {title: {text: axis.title}, tickvals: chosen, ticktext: chosen.map((k) => short(axis.values[k])), range};
}

class Map_ {
  constructor(report) {
    this.report = report;
    const form = at("map-controls"), changed = () => this.draw();
    const axes = report.ranked();
    const options = axes.map((axis) => [axis.name, axis.title]);
    const colours = report.quantities.map((name) => [name, words(name)]);
    this.x = choice(form, "x", "across", options, axes[0].name, () => this.turned(this.x, this.y));
    this.y = choice(form, "y", "up", options, axes[1].name, () => this.turned(this.y, this.x));
    this.colour = choice(form, "colour", "colour", colours, report.first, changed);
    this.held = new Held(report, form, changed);
    this.draw().then(() => at("map").on("plotly_click", (event) => this.select(event.points[0].x, event.points[0].y)));
    at("map").addEventListener("keydown", (event) => {
      const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
      if (!step) return;
      event.preventDefault();
      if (this.cells.size) this.move(...step);
    });
  }

  /* An axis that is chosen twice changes places with the other. */
  turned(one, other) {
    if (one.value === other.value) other.value = this.drawn.find((name) => name !== one.value);
    this.draw();
  }

  /* To the next cell that has rows; from nowhere, to the first or the last. */
  move(right, up) {
    if (!this.selected) {
      const end = [...this.cells.keys()].reduce((a, b) => (right + up > 0 ? Math.min(a, b) : Math.max(a, b)));
      return this.select(end % this.width, Math.floor(end / this.width));
    }
    let [i, j] = [this.selected[0] + right, this.selected[1] + up];
    const inside = () => i >= 0 && j >= 0 && i < this.width && j < this.height;
    while (inside() && !this.cells.has(j * this.width + i)) [i, j] = [i + right, j + up];
    if (inside()) this.select(i, j);
  }

  select(i, j) {
    const rows = this.cells.get(j * this.width + i);
    if (!rows) return;
    this.selected = [i, j];
    this.report.row(rows[0]);
    const box = {type: "rect", x0: i - 0.5, x1: i + 0.5, y0: j - 0.5, y1: j + 0.5, line: {color: style("text"), width: 3}};
    Plotly.relayout(at("map"), {shapes: [box]});
  }

  draw() {
    const {report} = this, x = report.axes.get(this.x.value), y = report.axes.get(this.y.value);
    this.drawn = [x.name, y.name];
    this.held.offer(this.drawn);
    [this.width, this.height, this.selected] = [x.values.length, y.values.length, null];
    this.cells = new Map();
    const [colour, status] = [this.colour.value, "status"].map((name) => report.column(name));
    for (const row of report.rows(this.held.values)) {
      if (!report.has(row, x, y) || (colour[row] === null && status[row] !== DIVERGED)) continue;
      const cell = report.column(y.name)[row] * this.width + report.column(x.name)[row];
      if (!this.cells.has(cell)) this.cells.set(cell, []);
      this.cells.get(cell).push(row);
    }
    const grids = this.grids(x, y), narrow = window.innerWidth < 600;
    const sentence = `Map of the median ${words(this.colour.value)} over ${x.title} and ${y.title}. ` +
      report.data.statuses.map((label, k) => `${label}: ${grids.counts[k]} of ${this.cells.size} cells`).join(", ") + ".";
    const used = (place) => [...this.cells.keys()].map(place);
    const xaxis = ticks(x, narrow ? 4 : 9, used((cell) => cell % this.width));
    return report.draw("map", this.traces(grids), {xaxis, yaxis: ticks(y, 8, used((cell) => Math.floor(cell / this.width)))}, sentence);
  }

  grids(x, y) {
    const {report} = this, name = this.colour.value, loss = report.isLoss(name);
    const empty = () => y.values.map(() => x.values.map(() => null));
    const found = {value: empty(), diverged: empty(), settled: empty(), text: empty(), counts: [0, 0, 0], loss};
    for (const [cell, rows] of this.cells) {
      const i = cell % this.width, j = Math.floor(cell / this.width), tally = [0, 0, 0];
      for (const row of rows) tally[report.column("status")[row]] += 1;
      const status = tally.indexOf(Math.max(...tally));
      const values = rows.map((row) => report.column(name)[row]).filter((value) => value !== null).sort((a, b) => a - b);
      const median = values.length ? quantile(values, 0.5) : null;
      found.counts[status] += 1;
      found.settled[j][i] = status === SETTLED ? 1 : 0;
      if (status === DIVERGED) found.diverged[j][i] = 1;
      if ((status !== DIVERGED || !loss) && median !== null) found.value[j][i] = median;
      found.text[j][i] = `${x.title}: ${shown(x.values[i])}<br>${y.title}: ${shown(y.values[j])}<br>` +
        `${words(name)}: ${shown(median)}<br>` +
        report.data.statuses.map((label, k) => (tally[k] ? `${label} ${tally[k]}` : "")).filter(Boolean).join(", ") +
        `<br>config ${report.column("config")[rows[0]]}${rows.length > 1 ? ` and ${rows.length - 1} more` : ""}`;
    }
    return found;
  }

  traces({value, diverged, settled, text, counts, loss}) {
    const name = words(this.colour.value), scale = loss ? exponents(...span(value.flat())) : {};
    const z = loss ? value.map((line) => line.map((v) => (v === null ? null : Math.log10(Math.max(v, 1e-300))))) : value;
    const hover = {text, hovertemplate: "%{text}<extra></extra>"};
    const made = [
      {type: "heatmap", z: diverged, showscale: false, ...hover, colorscale: [[0, style("diverged")], [1, style("diverged")]]},
      {type: "heatmap", z, ...hover, colorscale: "Viridis", ...scale.range,
        colorbar: {title: {text: name, side: "right"}, thickness: 14, outlinewidth: 0, ...scale.bar}},
    ];
    const line = (color, width, dash) => ({type: "contour", ...beyond(settled), showlegend: false, showscale: false, hoverinfo: "skip",
      contours: {start: 0.5, end: 0.5, size: 1, coloring: "none", showlabels: false}, line: {color, width, dash, smoothing: 0}});
    if (counts[DIVERGED]) made.push(key("diverged", {mode: "markers", marker: {color: style("diverged"), symbol: "square", size: 12}}));
    if (counts[SETTLED]) {
      made.push(line("#000000", 4, "solid"), line("#ffffff", 2, "dash"));
      made.push(key("settled: inside the dashed line", {mode: "lines", line: {color: style("text"), width: 2, dash: "dash"}}));
    }
    return made;
  }
}

/* A grid with its border repeated outside, so that lines between its cells go on to the edge. */
function beyond(z) {
  const wider = (line) => [line[0], ...line, line.at(-1)];
  const from = (count) => Array.from({length: count + 2}, (_, k) => k - 1);
  return {x: from(z[0].length), y: from(z.length), z: wider(z).map(wider)};
}

/* Between two lines, where both are: one outline there and back. */
function band(x, low, high, colour) {
  const there = x.map((_, k) => k).filter((k) => low[k] !== null), back = [...there].reverse();
  return {type: "scatter", mode: "lines", line: {width: 0}, hoverinfo: "skip", showlegend: false, fill: "toself", fillcolor: `${colour}33`,
    x: [...there, ...back].map((k) => x[k]), y: [...there.map((k) => low[k]), ...back.map((k) => high[k])]};
}

function key(name, more) {
  return {type: "scatter", x: [null], y: [null], name, showlegend: true, ...more};
}

/* From where to where a scale of losses goes, in powers of ten: not to the few on their way to infinity, nor to zero. */
function span(losses) {
  const sorted = losses.filter((loss) => loss > 0).map(Math.log10).sort((a, b) => a - b);
  if (!sorted.length) return [-1, 1];
  const low = quantile(sorted, 0.02), high = Math.max(quantile(sorted, 0.5), Math.min(quantile(sorted, 0.98), 3));
  return [low, Math.max(high, low + 0.1)];
}

const padded = (low, high) => [low - 0.05 * (high - low), high + 0.05 * (high - low)];

/* An axis over these powers of ten; of few, with ticks between them. */
function logarithmic(powers) {
  const low = Math.min(...powers), high = Math.max(...powers);
  return {type: "log", range: padded(low, high), ...(high - low <= DECADES ? {dtick: "D2"} : {})};
}

/* A colour bar over logarithms, with ticks at whole powers of ten. */
function exponents(low, high) {
  const step = Math.max(1, Math.ceil((high - low) / 8)), vals = [];
  for (let power = Math.ceil(low); power <= high; power += step) vals.push(power);
  const ends = vals.length < 2 ? [low, high] : vals;
  return {range: {zmin: low, zmax: high}, bar: {tickvals: ends, ticktext: ends.map((power) => Number((10 ** power).toPrecision(2)).toString())}};
}

class Line {
  constructor(report) {
    this.report = report;
    const form = at("line-controls"), changed = () => this.draw();
    const axes = report.ranked();
    const groups = axes.filter((axis) => axis.values.length <= PALETTE.length);
    const quantities = [["share", "share of each status"], ...report.quantities.map((name) => [name, words(name)])];
    this.x = choice(form, "x", "across", axes.map((axis) => [axis.name, axis.title]), axes[0].name, changed);
    this.y = choice(form, "y", "up", quantities, report.first, changed);
    const first = groups.find((axis) => axis.name !== axes[0].name);
    this.group = choice(form, "group", "a line for each", [[NONE, "none"], ...groups.map((axis) => [axis.name, words(axis.name)])],
      first ? first.name : NONE, changed);
    this.held = new Held(report, form, changed, true);
    this.draw();
  }

  draw() {
    const {report} = this, x = report.axes.get(this.x.value), share = this.y.value === "share";
    const group = this.group.value !== NONE && this.group.value !== x.name && !share ? report.axes.get(this.group.value) : null;
    this.held.offer([x.name, ...(group ? [group.name] : [])]);
    const rows = report.rows(this.held.values);
    const traces = share ? this.shares(x, rows) : this.medians(x, group, rows);
    const log = report.isLoss(this.y.value);
    const few = x.values.length <= FEW ? {tickvals: x.values, ticktext: x.values.map(shown)} : {};
    const type = typeof x.values[0] === "string" ? {type: "category"} : x.log ? logarithmic(x.values.map(Math.log10)) : {type: "linear"};
    const xaxis = {title: {text: x.title}, exponentformat: "power", ...type, ...few};
    const yaxis = share ? {title: {text: "share of rows"}, range: [0, 1], tickformat: ".0%"}
      : {title: {text: words(this.y.value)}, exponentformat: "power", ...(log ? logarithmic(this.span(rows)) : {})};
    const sentence = `${share ? "Share of each status" : `Median ${words(this.y.value)}`} against ${x.title}` +
      `${group ? `, a line for each ${words(group.name)}` : ""}; ${rows.length} rows.`;
    return report.draw("line", traces, {xaxis, yaxis}, sentence);
  }

  span(rows) { return span(rows.map((row) => this.report.column(this.y.value)[row])); }

  by(x, rows) {
    const found = x.values.map(() => []);
    for (const row of rows) found[this.report.column(x.name)[row]]?.push(row);  // -1 for a row without one
    return found;
  }

  shares(x, rows) {
    const by = this.by(x, rows), statuses = this.report.column("status"), patterns = ["", "/", "x"];
    return [RAN, SETTLED, DIVERGED].map((status) => ({
      type: "scatter", mode: "lines", stackgroup: "one", name: this.report.data.statuses[status], x: x.values,
      y: by.map((here) => (here.length ? here.filter((row) => statuses[row] === status).length / here.length : 0)),
      line: {width: 1, color: style(this.report.data.statuses[status])},
      fillpattern: {shape: patterns[status], solidity: 0.3}, hovertemplate: "%{x}: %{y:.1%}",
    }));
  }

  medians(x, group, rows) {
    const parts = group ? group.values.map((value, k) => [shown(value), rows.filter((row) => this.report.column(group.name)[row] === k)])
      : [[words(this.y.value), rows]];
    const floor = this.report.isLoss(this.y.value) ? 10 ** this.span(rows)[0] : -Infinity;
    const drawn = parts.filter(([, part]) => part.some((row) => this.report.column(this.y.value)[row] !== null));
    return drawn.flatMap(([name, part], k) => {
      const values = this.by(x, part).map((here) => here.map((row) => this.report.column(this.y.value)[row])
        .filter((value) => value !== null).map((value) => Math.max(value, floor)).sort((a, b) => a - b));
      const at_ = (share) => values.map((sorted) => (sorted.length ? quantile(sorted, share) : null));
      const many = values.some((sorted) => sorted.length > 1);
      const full = x.values.map((value, i) => `${x.title} ${shown(value)}, ${values[i].length} rows`);
      const colour = PALETTE[k % PALETTE.length], [low, middle, high] = [0.1, 0.5, 0.9].map(at_);
      const apart = typeof x.values[0] === "string";  // there is nothing between labels
      const away = (ends) => middle.map((value, i) => (value === null ? null : Math.abs(ends[i] - value)));
      return [
        ...(many && !apart ? [band(x.values, low, high, colour)] : []),
        {type: "scatter", mode: apart ? "markers" : values.length > 40 ? "lines" : "lines+markers", name, x: x.values, y: middle,
          customdata: full, marker: {color: colour, size: apart ? 10 : 6, symbol: SYMBOLS[k % SYMBOLS.length]},
          ...(many && apart ? {error_y: {type: "data", symmetric: false, array: away(high), arrayminus: away(low), thickness: 1.5}} : {}),
          line: {color: colour, width: 2, dash: DASHES[k % DASHES.length]}, hovertemplate: `%{customdata}<br>median %{y:.6g}<extra>${name}</extra>`},
      ];
    });
  }
}

class Curves {
  constructor(report) {
    this.report = report;
    const options = [[ALL, `all ${report.data.curves.length} shown`], ...report.data.curves.map((curve, k) => [k, `config ${curve.config}: ${curve.label}`])];
    this.run = choice(at("curves-controls"), "run", "run", options, report.data.curves.length > 1 ? ALL : 0, () => this.draw());
    this.draw();
  }

  draw() {
    const {curves} = this.report.data, all = this.run.value === ALL;
    const line = (curve, name, more) => ({type: "scatter", mode: "lines", x: curve.epoch, y: curve[name].map((loss) => (loss > 0 ? loss : null)), ...more});
    const traces = all
      ? curves.map((curve, k) => line(curve, "loss_mean", {name: curve.label, ...(curves.length > PALETTE.length
        ? {showlegend: false, opacity: 0.6, line: {width: 1.3, color: style("ran")}} : {line: {width: 2, color: PALETTE[k], dash: DASHES[k]}}),
        hovertemplate: `epoch %{x}: %{y:.6g}<extra>config ${curve.config}</extra>`}))
      : ["loss_min", "loss_mean", "loss_max"].map((name, k) => line(curves[Number(this.run.value)], name, {name: words(name),
        line: {width: 2, color: ["#009e73", style("accent"), "#d55e00"][k], dash: ["dot", "solid", "dash"][k]}, hovertemplate: "epoch %{x}: %{y:.6g}"}));
    const losses = traces.flatMap(({y}) => y).filter((loss) => loss > 0);
    const ends = [Math.min, Math.max].map((end) => Math.log10(losses.reduce((a, b) => end(a, b), losses[0])));
    const powers = [ends[0], Math.min(ends[1], Math.max(3, span(losses)[1]))];
    const which = all ? `the mean loss of ${curves.length} runs` : `least, mean and greatest loss of ${curves[Number(this.run.value)].label}`;
    this.report.draw("curves", traces, {
      xaxis: {title: {text: "epoch"}}, yaxis: {title: {text: all ? "loss mean" : "loss"}, exponentformat: "power", ...(losses.length ? logarithmic(powers) : {type: "log"})},
    }, `Curves of ${which} against the epoch.`);
  }
}

async function main() {
  if (typeof DecompressionStream === "undefined") {
    at("waiting").textContent = "This browser is too old for the pictures: it cannot decompress them. The tables below need nothing.";
    return;
  }
  const data = JSON.parse(await unpacked("data"));
  document.head.append(element("script", {textContent: await unpacked("plotly")}));
  const report = new Report(data), pictures = [];
  const show = (id, wanted, made) => {
    if (!wanted) return;
    at(`${id}-block`).hidden = false;
    pictures.push(made());
  };
  at("waiting").remove();
  show("map", data.axes.length > 1, () => new Map_(report));
  show("line", data.axes.length > 0, () => new Line(report));
  show("curves", data.curves.length > 0, () => new Curves(report));
  if (!pictures.length) at("pictures").hidden = true;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pictures.forEach((picture) => picture.draw()));
  document.documentElement.dataset.drawn = "true";
}

main();
