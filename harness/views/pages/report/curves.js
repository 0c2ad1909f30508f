/* Losses against the epoch: of some runs, or the least, mean and greatest of one. */

class Curves extends Picture {
  constructor(report) {
    super(report, "curves");
    const {curves} = report.data, kinds = [...new Set(curves.map((curve) => curve.kind))];
    if (kinds.length > 1) this.kind = this.choice("kind", "losses of one kind", kinds.map((kind) => [kind, kind]), kinds[0], () => this.offer());
    this.run = this.choice("run", "run", [], undefined);
    this.offer();
  }

  /* Runs whose losses are of the kind that is chosen: those of others are not comparable. */
  offer() {
    const {curves} = this.report.data, {value} = this.kind ?? {};
    this.shown = curves.filter((curve) => value === undefined || curve.kind === value);
    const options = this.shown.map((curve, k) => [k, `config ${curve.config}: ${short(curve.label, 60)}`]);
    if (options.length > 1) options.unshift([ALL, `all ${options.length} shown`]);
    this.run.replaceChildren(...options.map(([each, textContent]) => element("option", {value: each, textContent})));
    return this.draw();
  }

  async draw() {
    const all = this.run.value === ALL, runs = all ? this.shown : [this.shown[Number(this.run.value)]];
    const {nothing, curveLosses} = this.report.data, named = all ? [["loss_mean", "mean"]] : curveLosses, names = named.map(([name]) => name);
    const losses = ascending(runs.flatMap((curve) => names.flatMap((name) => curve[name]))).filter((loss) => loss > 0);
    const low = Math.log10(Math.max(losses[0] ?? 0.1, nothing)), starts = ascending(runs.map((curve) => curve[names.at(-1)][0]));
    const most = Math.log10(Math.min(losses.at(-1) ?? 1, Math.max(1e3 * (quantile(starts, 0.5) || 1), losses[0] ?? 1)));
    const range = {low, high: Math.max(most, low + 0.1), nothing: null, below: (losses[0] ?? 1) < nothing, above: Math.log10(losses.at(-1) ?? 0) > most};
    const turn = (loss) => (loss === null ? null : Math.min(Math.max(Math.log10(Math.max(loss, 1e-300)), range.low), range.high));
    const room = 0.04 * (range.high - range.low), last = Math.max(...runs.map((curve) => curve.epoch.at(-1)));
    const layout = this.grid([""], {title: "epoch", range: [0, last], ticks: ([from, to], n) => whole(linearTicks(Math.max(from, 0), to, n, true))},
      {title: all ? "mean loss" : "loss", range: [range.low - room, range.high + room], ticks: lossTicks}, 380);
    const few = all && runs.length <= this.palette.length;
    const line = (curve, name, more) => ({type: "scatter", mode: curve.epoch.length > 1 ? "lines" : "markers", x: curve.epoch, y: curve[name].map(turn),
      customdata: curve[name].map((loss) => printed(loss)), hovertemplate: `epoch %{x}: %{customdata}<extra>config ${curve.config}</extra>`, ...more});
    const traces = all
      ? runs.map((curve, k) => line(curve, "loss_mean", {name: escaped(curve.label), showlegend: few, opacity: few ? 1 : 0.6,
        line: few ? {width: 2, color: this.palette[k], dash: DASHES[k]} : {width: 1.3, color: style("accent")}}))
      : names.map((name, k) => line(runs[0], name, {name: named[k][1], showlegend: true, line: {width: 2, color: this.palette[k], dash: name === "loss_mean" ? "solid" : ["dot", "longdash", "dash", "dashdot"][k % 4]}}));
    const legend = {orientation: "h", x: 0, xanchor: "left", y: 1, yref: "container", yanchor: "top", bgcolor: "rgba(0,0,0,0)",
      title: {text: all ? "run " : "loss over the samples "}};
    const legible = few || !all, kind = this.kind ? ` of ${this.kind.value}` : "";
    const title = all ? `Mean loss${kind} of ${plural(runs.length, "run")}, by epoch.` : `Least, mean and greatest loss${kind} of the samples, by epoch; ${runs[0].label}.`;
    this.say(title, `${all ? "Runs at even distances in the grid. " : ""}A run that diverges ends there.${this.report.cut(range, "The scale is")}`);
    const letters = traces.filter((trace) => trace.showlegend).reduce((sum, trace) => sum + trace.name.length + 8, 0);
    const lines = Math.ceil((letters * 7.5) / at("curves").clientWidth);
    await this.plot(traces, {...layout, showlegend: legible, legend, margin: {l: 60, r: 20, t: legible ? 30 + 22 * lines : 26, b: 50}});
  }
}
