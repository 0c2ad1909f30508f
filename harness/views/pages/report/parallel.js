/* Settings side by side: a line for each, through its value of every parameter, to its score. */

const BELOW = 0.12;  // how far, as a share of an axis, what has no place on it lies below
const FEW = 12, SPREAD = 0.5, WIDEST = 0.1;  // lines through one of few values are spread: over half the gap, or a tenth of the axis
const LABEL = 24, APART = 100, TALL = 430;

class Parallel extends Picture {
  constructor(report) {
    super(report, "parallel");
    const {axes} = report.data.parallel;
    this.axes = axes.map((axis) => new Axis(axis));
    this.possible = document.createElement("canvas").getContext("webgl") !== null;
    this.draw();
  }

  /* An axis with its lines: {label, values, range, tickvals, ticktext}. values: places, null for what has none, which lies
     below, at a tick that says what it is. Empty ticks at the ends make the axis as long as its range. */
  dimension(label, values, [low, high], {tickvals, ticktext}, none, spread = 0) {
    const below = low - BELOW * (high - low), some = values.includes(null), reach = spread / 2;
    const range = [(some ? below : low) - reach, high + reach], places = values.map((value) => value ?? below);
    const ticks = new Map([...range.map((end) => [end, ""]), ...(some ? [[below, none]] : []), ...tickvals.map((value, k) => [value, plainPowers(ticktext[k])])]);
    return {label: short(label, LABEL), values: spread ? spreadOut(places, spread) : places, range, tickvals: [...ticks.keys()], ticktext: [...ticks.values()]};
  }

  parameter(axis) {
    const scale = new Scale(axis, false), {columns} = this.report.data.parallel, range = [scale.at[0], scale.at.at(-1)];
    const places = columns[axis.name].map((k) => (k < 0 ? null : scale.at[k])), ticks = scale.ticks(range, 8);
    const ticktext = axis.label ? ticks.tickvals.map((k) => short(axis.text(k), LABEL)) : ticks.ticktext;
    const gap = Math.min(...scale.at.slice(1).map((place, k) => place - scale.at[k]));
    const spread = axis.values.length <= FEW ? Math.min(SPREAD * gap, WIDEST * (range[1] - range[0])) : 0;
    return this.dimension(axis.title, places, range, {...ticks, ticktext}, "none", spread);
  }

  /* The score, better on top: a loss as its power of ten, upside down. */
  score() {
    const {score, rising, loss, medians} = this.report.data.parallel, there = ascending(medians);
    const own = loss ? this.report.range(score, [0], there) : {low: there[0] ?? 0, high: there.at(-1) ?? 1};
    const [low, high] = own.high > own.low ? [own.low, own.high] : [own.low - 0.5, own.low + 0.5], sign = rising ? 1 : -1;
    const turn = (median) => sign * Math.min(Math.max(loss ? Math.log10(Math.max(median, 1e-300)) : median, low), high);
    const ticks = (loss ? lossTicks : plainTicks)([low, high], 8), ends = [sign * low, sign * high].sort((a, b) => a - b);
    const values = medians.map((median) => (median === null ? null : turn(median)));
    const cut = loss ? this.report.cut(own, "The scale is") : "";
    return {cut, ...this.dimension(words(score), values, ends, {tickvals: ticks.tickvals.map((value) => sign * value), ticktext: ticks.ticktext}, "diverged")};
  }

  async draw() {
    const {report} = this, {score, told} = report.data.parallel, {cut, ...last} = this.score();
    const title = `${told}, a line each; on the right the median of their ${words(report.words(score))}, better on top.`;
    if (!this.possible) {
      at("parallel").hidden = true;
      return this.say(title, "This picture needs WebGL, which this browser does not have.");
    }
    const dimensions = [...this.axes.map((axis) => this.parameter(axis)), last];
    at("parallel").style.height = `${TALL}px`;
    at("parallel").style.minWidth = `${APART * dimensions.length}px`;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches, colours = report.data.colours.number;
    const colorscale = even(dark ? colours.slice(2) : [...colours].reverse().slice(1));  // what is better stands out
    const font = {color: style("text"), family: getComputedStyle(document.body).fontFamily, size: 13};
    const trace = {type: "parcoords", dimensions, line: {color: last.values, colorscale, cmin: last.range[0], cmax: last.range[1]},
      labelfont: font, tickfont: {...font, size: 12}, rangefont: {...font, size: 1, color: "rgba(0,0,0,0)"}, unselected: {line: {color: style("muted"), opacity: 0.08}}};
    const layout = {paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font, autosize: true, margin: {l: 90, r: 90, t: 50, b: 25}};
    const spread = this.axes.some(({values}) => values.length <= FEW) ? " Lines through one of few values lie beside one another, the better the higher." : "";
    this.say(title, `Drag along an axis to keep the lines that pass there, drag its name to move it.${spread}${cut}`);
    await Plotly.react(at("parallel"), [trace], layout, {responsive: true, displaylogo: false, plotlyServerURL: "", displayModeBar: false});
  }
}

/* Lines through one value beside one another, in their order, from the worst to the best. */
function spreadOut(values, wide) {
  const counts = new Map(), seen = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return values.map((value) => {
    const rank = seen.get(value) ?? 0;
    seen.set(value, rank + 1);
    return value + wide * ((rank + 0.5) / counts.get(value) - 0.5);
  });
}

/* A tick without elements: powers in letters that stand high. */
const HIGH = {"\u2212": "\u207b", 1: "\u00b9", 2: "\u00b2", 3: "\u00b3"};
const plainPowers = (text) => text.replace(/<sup>(.*?)<\/sup>/g, (_, power) => [...power].map((letter) => HIGH[letter] ?? String.fromCodePoint(0x2070 + Number(letter))).join(""));
