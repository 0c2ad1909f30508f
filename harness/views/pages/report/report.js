/* What every picture of the report needs: elements, colours, quantiles, and the rows of the table. */

const SETTLED = 1, DIVERGED = 2, GREW = 4, ALL = "all", NONE = "none";
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x"];
const NARROW = 600, MOST_PANELS = 9;

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const at = (id) => document.getElementById(id);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const words = (name) => name.replaceAll("_", " ");
const narrow = () => window.innerWidth < NARROW;
const plural = (count, noun) => `${counted(count)} ${noun}${count === 1 ? "" : "s"}`;
const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(at(id).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function quantile(sorted, share) {
  const place = share * (sorted.length - 1), below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/* Colours at equal distances, as plotly has them. */
const even = (colours) => colours.map((colour, k) => [k / (colours.length - 1), colour]);
const ascending = (numbers) => numbers.filter((number) => number !== null).sort((a, b) => a - b);

function choice(form, name, label, options, chosen, changed) {
  const select = element("select", {name, id: `${form.id}-${name}`});
  for (const [value, text] of options) select.append(element("option", {value, textContent: text}));
  if (chosen !== undefined) select.value = chosen;
  select.addEventListener("change", changed);
  form.append(element("label", {htmlFor: select.id}, label, select));
  return select;
}

/* The table of the page: its columns, its axes in the order in which choices name them, and which rows go together. */
class Report {
  constructor(data) {
    this.data = data;
    this.axes = new Map(data.axes.map((axis) => [axis.name, new Axis(axis)]));
    this.count = data.columns.config.length;
    this.quantities = [...data.metrics, ...data.epochs, ...data.weights];
    const there = (name) => this.column(name).some((value) => value !== null);
    this.first = ["loss_mean", "diverged_epoch", ...this.quantities].find(there) ?? "loss_mean";
    this.apart = [...data.weights, ...data.epochs].find(there) ?? "diverged_epoch";  // where losses are not comparable
  }

  column(name) { return this.data.columns[name]; }

  /* What a title calls a column, and what an axis or a choice does. */
  words(name) { return this.data.words[name] ?? name; }

  title(name) { return this.data.weights.includes(name) ? name : words(name); }

  isLoss(name) { return this.data.losses.includes(name); }

  /* Whether numbers of this column say something of rows that diverged. */
  aboutDiverged(name) { return ["diverged_epoch", "last_finite_loss", "first_loss"].includes(name); }

  /* Axes whose values may share a picture of this column: losses of different kinds never do. */
  comparable(axis, column) { return !(this.isLoss(column) && this.data.unlike.includes(axis.name)); }

  /* Whether a row has values of these axes; in a union of grids not every row has all. */
  has(row, ...axes) { return axes.every((axis) => this.column(axis.name)[row] >= 0); }

  /* The rows where every axis that is held has its value: [row, ..]. What words say is no matter to rows that have none,
     as an activation to a network without hidden units. */
  rows(held) {
    const kept = [];
    for (let row = 0; row < this.count; row++) {
      const at = ([name, value]) => this.column(name)[row] === value || (this.column(name)[row] === -1 && this.axes.get(name).label);
      if (held.every(at)) kept.push(row);
    }
    return kept;
  }

  /* What doing nothing costs, for rows whose losses are like those of these; null if the table does not tell. */
  idle([row]) {
    const like = ({kind}) => Object.entries(kind).every(([name, value]) => this.axes.get(name).values[this.column(name)[row]] === value);
    return this.data.idle.find(like)?.loss ?? null;
  }

  /* From where to where losses are drawn: not below what counts as nothing, nor above what doing nothing costs; where
     the table does not tell that, not far above the median. As powers of ten. drawn: the losses in the picture, in
     ascending order, if they are not those of these rows. */
  range(column, rows, drawn) {
    const losses = (drawn ?? ascending(rows.map((row) => this.column(column)[row]))).filter((loss) => loss > 0);
    if (!losses.length) return {low: -1, high: 0, nothing: null, below: false, above: false};
    const nothing = column === "first_loss" ? null : this.idle(rows);
    const most = nothing ?? Math.max(quantile(losses, 0.5), Math.min(quantile(losses, 0.98), 1e3));
    let [low, high] = [Math.max(losses[0], this.data.nothing), Math.min(losses.at(-1), most)];
    if (high < 1.2 * low) [low, high] = [Math.min(low, high) / 1.5, Math.max(low, high) * 1.5];
    return {low: Math.log10(low), high: Math.log10(high), nothing, below: losses[0] < low, above: losses.at(-1) > high};
  }

  /* What was cut off a scale of losses, in a sentence. */
  cut({low, high, nothing, below, above}, where) {
    const least = printed(10 ** low, 2), most = printed(10 ** high, 2);
    const top = above ? `losses above ${most}${nothing ? " (the median loss of the first epoch: what doing nothing costs)" : ""}` : "";
    const parts = [top, below ? `losses below ${least}` : ""].filter(Boolean);
    return parts.length ? ` ${where} clipped: ${parts.join(" and ")} are drawn at the end.` : "";
  }

  row(row) {
    const list = element("dl");
    for (const [name, values] of Object.entries(this.data.columns)) {
      if (values[row] === null || values[row] === -1 || name === "run") continue;
      const axis = this.axes.get(name);
      const value = axis ? axis.values[values[row]] : name === "status" ? this.data.statuses[values[row]] : values[row];
      list.append(element("div", {}, element("dt", {textContent: name}), element("dd", {textContent: printed(value)})));
    }
    const command = `${this.data.explain} --config ${this.column("config")[row]} --html row.html`;
    at("row").replaceChildren(list, element("p", {}, "Step through it: ", element("code", {textContent: command})));
  }
}
