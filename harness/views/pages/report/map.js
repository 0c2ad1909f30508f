/* The map: colour over two axes, a panel for each value of a third. */

const SMALLEST = 9;  // pixels across and upwards of what has an outline

class HeatMap extends Picture {
  constructor(report) {
    super(report, "map");
    const {x, y, panels} = report.data.opening.map;
    this.x = this.axisChoice("x", "across", x, () => this.turned(this.x, this.y));
    this.y = this.axisChoice("y", "up", y, () => this.turned(this.y, this.x));
    this.colour = this.choice("colour", "colour", report.quantities.map((name) => [name, report.title(name)]), report.first === "diverged_epoch" ? "loss_mean" : report.first);
    const few = this.few(MOST_PANELS);
    this.panel = this.choice("panels", "a panel for each", [[NONE, "none"], ...few.map((axis) => [axis.name, words(axis.name)])], panels ?? NONE);
    this.drawn = [x, y];
    this.draw().then(() => at("map").on("plotly_click", ({points: [point]}) => this.select(Number(point.xaxis._id.slice(1) || 1) - 1, Math.round(point.x), Math.round(point.y))));
    at("map").addEventListener("keydown", (event) => {
      const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
      if (!step) return;
      event.preventDefault();
      this.move(...step);
    });
  }

  /* An axis that is chosen twice changes places with the other; a panel for each of its values goes. */
  turned(one, other) {
    if (one.value === other.value) other.value = this.drawn.find((name) => name !== one.value);
    this.draw();
  }

  /* To the next cell that has rows, on into the next panel; from nowhere, to the first or the last. */
  move(right, up) {
    const filled = this.parts.map((part, k) => [part, k]).filter(([part]) => part.cells.size);
    if (!filled.length) return;
    if (!this.selected) {
      const [part, k] = right + up > 0 ? filled[0] : filled.at(-1);
      const end = [...part.cells.keys()].reduce((a, b) => (right + up > 0 ? Math.min(a, b) : Math.max(a, b)));
      return this.select(k, end % this.width, Math.floor(end / this.width));
    }
    let [panel, i, j] = [this.selected[0], this.selected[1] + right, this.selected[2] + up];
    for (;;) {
      if (i < 0 || i >= this.width) [panel, i] = [panel + right, i < 0 ? this.width - 1 : 0];
      if (j < 0 || j >= this.height || !this.parts[panel]) return;
      if (this.parts[panel].cells.has(j * this.width + i)) return this.select(panel, i, j);
      [i, j] = [i + right, j + up];
    }
  }

  select(panel, i, j) {
    const rows = this.parts[panel]?.cells.get(j * this.width + i);
    if (!rows) return;
    this.selected = [panel, i, j];
    this.report.row(rows[0]);
    const key = panel ? String(panel + 1) : "";
    const box = {type: "rect", xref: `x${key}`, yref: `y${key}`, x0: i - 0.5, x1: i + 0.5, y0: j - 0.5, y1: j + 0.5, line: {color: style("text"), width: 3}};
    Plotly.relayout(at("map"), {shapes: [box]});
  }

  async draw() {
    const {report} = this, x = this.axis(this.x), y = this.axis(this.y);
    if ([x.name, y.name].includes(this.panel.value)) this.panel.value = NONE;
    if (![x, y].every((axis) => report.comparable(axis, this.colour.value))) this.colour.value = report.apart;
    let panel = this.axis(this.panel);
    if (panel && !report.comparable(panel, this.colour.value)) panel = null;
    this.panel.value = panel ? panel.name : NONE;
    this.drawn = [x.name, y.name, ...(panel ? [panel.name] : [])];
    this.hold(this.drawn);
    [this.width, this.height, this.selected] = [x.values.length, y.values.length, null];
    this.parts = this.panels(panel).map(({name, rows}) => new Cells(report, name, rows, x, y, this.colour.value));
    const scales = this.scalesOfColours(), used = (place) => this.parts.flatMap(({cells}) => [...cells.keys()].map(place));
    const reach = (places, all) => [places.reduce((a, b) => Math.min(a, b), all - 1) - 0.5, places.reduce((a, b) => Math.max(a, b), 0) + 0.5];
    const [across, up] = [new Scale(x, true), new Scale(y, true)];
    const layout = this.grid(this.parts.map(({name}) => name),
      {title: x.title, range: reach(used((cell) => cell % this.width), this.width), ticks: (range, most) => across.ticks(range, most)},
      {title: y.title, range: reach(used((cell) => Math.floor(cell / this.width)), this.height), ticks: (range, most) => up.ticks(range, most)},
      this.parts.length > 3 ? 260 : 360);
    for (const {coloraxis, low, high, colours} of Object.values(scales)) layout[coloraxis] = {cmin: low, cmax: high, colorscale: colours, showscale: false};
    const traces = this.parts.flatMap((part, k) => part.traces(k ? String(k + 1) : "", scales, this.least(layout)));
    this.told(x, y, scales);
    await this.plot(traces, layout);
  }

  /* The colours of each kind of cell that there is: of numbers, of when runs settled, of when they diverged. */
  scalesOfColours() {
    const every = (kind) => ascending(this.parts.flatMap((part) => part.shown[kind])), found = {};
    const numbers = every("number"), settled = every("settled"), diverged = every("diverged");
    if (numbers.length) found.number = {...this.scale(numbers), coloraxis: "coloraxis"};
    if (settled.length) found.settled = epochScale("settled in epoch", settled, this.colours("settled"), style("settled"), "coloraxis2");
    if (diverged.length) found.diverged = epochScale("diverged in epoch", diverged, this.colours("diverged"), style("diverged"), "coloraxis3");
    if (every("grew").length) found.grew = {coloraxis: "coloraxis4", low: 0, high: 1, colours: even([style("grew"), style("grew")]), turn: () => 1};
    return found;
  }

  colours(kind) { return even(this.report.data.colours[kind]); }

  /* How many cells across and upwards a region has that can be seen. */
  least({xaxis, yaxis}) {
    const cells = (pixels, {domain, range}) => Math.ceil((SMALLEST * (range[1] - range[0])) / (pixels * (domain[1] - domain[0])));
    return [cells(room("map"), xaxis), cells(parseFloat(at("map").style.height) - 110, yaxis)];
  }

  scale(values) {
    const name = this.colour.value, title = this.report.title(name);
    if (this.report.isLoss(name)) {
      const rows = this.parts.flatMap((part) => [...part.cells.values()].flat());
      return {...this.report.range(name, rows, values), log: true, title, colours: this.colours("loss"), ticks: lossTicks, turn: (value) => Math.log10(Math.max(value, 1e-300))};
    }
    const kind = {settled_epoch: "settled", diverged_epoch: "diverged"}[name];
    if (kind) return epochScale(title, values, this.colours(kind), style(kind));
    const [low, high] = [quantile(values, 0.02), quantile(values, 0.98)];
    return {low, high: high > low ? high : low + 1, title, colours: this.colours("number"), ticks: plainTicks, turn: (value) => value,
      below: values[0] < low, above: values.at(-1) > high};
  }

  told(x, y, {number, settled, diverged, grew}) {
    const {report} = this, name = this.colour.value, {held, over} = this.described(this.drawn);
    const most = this.parts.reduce((found, part) => Math.max(found, part.most), 0);
    const drawn = !number && diverged ? "diverged_epoch" : name;  // of cells that diverged, how soon they did
    const title = `${most > 1 ? "Median of the " : ""}${report.words(drawn)}${most > 1 ? over : ""}, by ${x.title} and ${y.title}${held}`;
    const cells = this.parts.reduce((sum, part) => sum + part.cells.size, 0);
    const counts = [...report.data.statuses, ...(grew ? ["grew"] : [])].map((label, status) => [label, this.parts.reduce((sum, part) => sum + part.counts[status], 0)]).filter(([label, count]) => count || label !== "stopped");
    const status = most > 1 ? "How most rows of a cell ended" : "How the rows ended";
    const cut = number?.log ? report.cut(number, "Colours are") : number?.below || number?.above ? " Colours span all but the extreme 2 % of the values at each end." : "";
    const [meant, gone] = [SETTLED, DIVERGED].map((which) => report.data.meanings[which]), legend = [];
    const key = (look, text) => legend.push(element("span", {}, element("i", {className: `key ${look}`}), text));
    const bar = (scale, look, text, flat) => (scale.flat ? key(look, flat) : legend.push(colourBar(scale, text)));
    if (number) bar(number, name.split("_")[0], number.title, number.title);
    if (settled) bar(settled, "settled", `settled in epoch (${meant}; loss \u2264 ${printed(report.data.nothing)})`, `settled: ${meant}; loss \u2264 ${printed(report.data.nothing)}`);
    if (diverged) bar(diverged, "diverged", `diverged in epoch (${gone})`, `diverged: ${gone}`);
    if (this.parts.some((part) => part.outlined)) key("outlined", `settled: ${meant}`);
    if (grew) key("grew", "grew: the loss is above that of the first epoch");
    this.say(`${title[0].toUpperCase()}${title.slice(1)}.`,
      `${status}: ${counts.map(([label, count]) => `${label} ${counted(count)} of ${counted(cells)}`).join(", ")}.${cut}`, legend);
  }
}
