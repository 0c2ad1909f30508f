/* The cells of one panel of the map: which rows are in each, what they came to, and how they are drawn. */

const LETTER = 0.03;  // the part of a colour bar that a letter takes

class Cells {
  constructor(report, name, rows, x, y, colour) {
    const width = x.values.length, height = y.values.length, empty = () => Array(width * height).fill(null);
    Object.assign(this, {report, name, x, y, colour, width, height, cells: new Map(), counts: [0, 0, 0, 0, 0], most: 0});
    Object.assign(this, {outcomes: empty(), medians: empty(), shown: {number: empty(), settled: empty(), diverged: empty(), grew: empty()}});
    this.compared = report.isLoss(colour) && !report.aboutDiverged(colour);
    const [column, status, across, up] = [colour, "status", x.name, y.name].map((key) => report.column(key));
    for (const row of rows) {
      if (!report.has(row, x, y) || (column[row] === null && status[row] !== DIVERGED)) continue;
      const cell = up[row] * width + across[row];
      if (!this.cells.has(cell)) this.cells.set(cell, []);
      this.cells.get(cell).push(row);
    }
    for (const [cell, here] of this.cells) this.fill(cell, here);
  }

  /* How a row ended: its status; or that it grew, if its loss is above that of its run's first epoch. */
  outcome(row) {
    const status = this.report.column("status")[row], first = this.report.column("first_loss")?.[row] ?? Infinity;
    return this.compared && status !== DIVERGED && this.report.column(this.colour)[row] > first ? GREW : status;
  }

  /* The most common outcome of a cell, and the median of the rows that had it; what is drawn depends on it. */
  fill(cell, rows) {
    const found = rows.map((row) => this.outcome(row)), tally = [0, 0, 0, 0, 0];
    for (const outcome of found) tally[outcome] += 1;
    const most = tally.indexOf(Math.max(...tally)), those = rows.filter((_, k) => found[k] === most);
    const median = this.median(this.colour, those), {shown} = this;
    this.outcomes[cell] = most;
    this.medians[cell] = median;
    this.counts[most] += 1;
    this.most = Math.max(this.most, rows.length);
    if (most === GREW) shown.grew[cell] = 1;
    else if (most === DIVERGED && (this.compared || median === null)) shown.diverged[cell] = this.median("diverged_epoch", those);
    else if (most === SETTLED && this.compared && median <= this.report.data.nothing) shown.settled[cell] = this.median("settled_epoch", those);
    else shown.number[cell] = median;
  }

  median(name, rows) {
    const sorted = ascending(rows.map((row) => this.report.column(name)[row]));
    return sorted.length ? quantile(sorted, 0.5) : null;
  }

  /* From numbers by cell to lines of the picture. */
  lines(numbers) { return Array.from({length: this.height}, (_, j) => numbers.slice(j * this.width, (j + 1) * this.width)); }

  text(cell) {
    const rows = this.cells.get(cell);
    if (!rows) return "";
    const {x, y, report} = this, i = cell % this.width, j = Math.floor(cell / this.width);
    const counts = report.data.statuses.map((label, k) => [rows.filter((row) => report.column("status")[row] === k).length, label]);
    const numbers = [[report.title(this.colour), this.medians], ["settled in epoch", this.shown.settled], ["diverged in epoch", this.shown.diverged]]
      .filter(([, cells]) => cells[cell] !== null).map(([what, cells]) => `${what} ${printed(cells[cell])}${rows.length > 1 ? " (median)" : ""}`);
    return [this.name, `${x.title} ${x.text(i)}`, `${y.title} ${y.text(j)}`, ...numbers,
      counts.filter(([count]) => count).map(([count, label]) => (rows.length > 1 ? `${label} ${count}` : label)).join(", "),
      `config ${report.column("config")[rows[0]]}${rows.length > 1 ? ` and ${rows.length - 1} more` : ""}`].filter(Boolean).map(escaped).join("<br>");
  }

  /* key: of the axes of this panel. scales: of the kinds of cells. least: cells across and upwards of what has an outline. */
  traces(key, scales, least) {
    const text = this.lines(Array.from({length: this.width * this.height}, (_, cell) => this.text(cell))), {shown} = this, axes = {xaxis: `x${key}`, yaxis: `y${key}`};
    const made = Object.entries(scales).map(([kind, {turn, coloraxis}]) => ({type: "heatmap", ...axes, coloraxis, text,
      hovertemplate: "%{text}<extra></extra>", hoverongaps: false, z: this.lines(shown[kind].map((value) => (value === null ? null : turn(value))))}));
    const settled = opened(this.lines(this.outcomes.map((outcome, cell) => outcome === SETTLED && shown.number[cell] !== null)), least);
    this.outlined = settled.some((line) => line.includes(true));
    const line = (color, width) => ({type: "scatter", mode: "lines", ...axes, ...outline(settled), hoverinfo: "skip", showlegend: false, line: {color, width}});
    return this.outlined ? [...made, line("#ffffff", 4.5), line(style("settled"), 2)] : made;
  }
}

/* A mask without parts, and without gaps, of fewer cells than these beside or above one another. */
function opened(mask, [across, up]) {
  const turned = (lines) => lines[0].map((_, i) => lines.map((line) => line[i]));
  const kept = (line, fewest) => {
    const found = [...line];
    for (let start = 0, k = 1; k <= line.length; k++) {
      if (k < line.length && line[k] === line[start]) continue;
      if (k - start < Math.min(fewest, line.length)) found.fill(start > 0 ? found[start - 1] : (line[k] ?? line[start]), start, k);
      start = k;
    }
    return found;
  };
  return turned(turned(mask.map((line) => kept(line, across))).map((line) => kept(line, up)));
}

/* Along the edges of cells, between those within a mask and those outside; the frame around all is no edge. */
function outline(mask) {
  const x = [], y = [];
  const edge = (...[left, right, low, high]) => { x.push(left, right, null); y.push(low, high, null); };
  mask.forEach((line, j) => line.forEach((here, i) => {
    if (i + 1 < line.length && here !== line[i + 1]) edge(i + 0.5, i + 0.5, j - 0.5, j + 0.5);
    if (mask[j + 1] && here !== mask[j + 1][i]) edge(i - 0.5, i + 0.5, j + 0.5, j + 0.5);
  }));
  return {x, y};
}

/* A scale of epochs, which are whole and often far apart; flat, in one colour, if they are too alike to be told apart. */
function epochScale(title, values, colours, flat, coloraxis) {
  const [low, high] = [Math.max(values[0], 1), Math.max(values.at(-1), 1)], made = {title, colours, coloraxis};
  if (high < low + 3) return {...made, low, high: low + 1, flat: true, colours: even([flat, flat]), turn: (value) => value};
  if (high < 4 * low) return {...made, low, high, ticks: (range, most) => whole(linearTicks(...range, most, true)), turn: (value) => value};
  return {...made, low: Math.log10(low), high: Math.log10(high), ticks: lossTicks, turn: (value) => Math.log10(Math.max(value, 1))};
}

const whole = (values) => ({tickvals: values, ticktext: tickTexts(values)});

/* What a scale of colours means: a bar with its name and ticks. */
function colourBar(scale, name) {
  const {tickvals, ticktext} = roomy(clipped(scale.ticks([scale.low, scale.high], 4), scale), scale), bar = element("span", {className: "colours"});
  bar.style.background = `linear-gradient(90deg, ${scale.colours.map(([place, colour]) => `${colour} ${100 * place}%`).join(", ")})`;
  const ticks = tickvals.map((value, k) => {
    const tick = element("span", {innerHTML: ticktext[k]});
    const place = (100 * (value - scale.low)) / (scale.high - scale.low);
    tick.style.left = `${place}%`;
    tick.style.transform = `translateX(-${place < 8 ? 0 : place > 92 ? 100 : 50}%)`;
    return tick;
  });
  return element("span", {className: "scale"}, element("span", {textContent: name}), bar, element("span", {className: "ticks"}, ...ticks));
}

/* Those ticks of a colour bar whose texts have room beside the one before. */
function roomy({tickvals, ticktext}, {low, high}) {
  const half = (k) => (LETTER * (ticktext[k].replace(/<[^>]*>/g, "").length + 1)) / 2, kept = [];
  tickvals.forEach((value, k) => {
    const before = kept.at(-1);
    if (before === undefined || (value - tickvals[before]) / (high - low) > half(before) + half(k)) kept.push(k);
  });
  return {tickvals: kept.map((k) => tickvals[k]), ticktext: kept.map((k) => ticktext[k])};
}

/* The ticks of a colour bar, with what its ends stand for if the colours are clipped there. */
function clipped({tickvals, ticktext}, {low, high, below, above, log}) {
  const ends = [...(below ? [[low, "\u2264"]] : []), ...(above ? [[high, "\u2265"]] : [])];
  const kept = tickvals.map((value, k) => [value, ticktext[k]]).filter(([value]) => ends.every(([end]) => Math.abs(value - end) > 0.27 * (high - low)));
  const all = [...kept, ...ends.map(([end, sign]) => [end, `${sign} ${tickTexts([toDigits(log ? 10 ** end : end, 2)])[0]}`])].sort((a, b) => a[0] - b[0]);
  return {tickvals: all.map(([value]) => value), ticktext: all.map(([, text]) => text)};
}
