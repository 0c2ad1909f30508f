/* Lines along one axis: medians with bands, or the share of rows of each status. */

const QUARTILES = [0.25, 0.5, 0.75];

class Line extends Picture {
  constructor(report) {
    super(report, "line");
    const {x, group, panels} = report.data.opening.line;
    const quantities = [["share", "share of each status"], ...report.quantities.map((name) => [name, report.title(name)])];
    const offered = (most) => [[NONE, "none"], ...this.few(most).map((axis) => [axis.name, words(axis.name)])];
    this.x = this.axisChoice("x", "across", x);
    this.y = this.choice("y", "up", quantities, report.first);
    this.group = this.choice("group", "a line for each", offered(this.palette.length), group ?? NONE);
    this.panel = this.choice("panels", "a panel for each", offered(MOST_PANELS), panels ?? NONE);
    this.draw();
  }

  async draw() {
    const {report} = this, x = this.axis(this.x);
    if (!report.comparable(x, this.y.value)) this.y.value = "share";
    const share = this.y.value === "share";
    for (const select of [this.group, this.panel]) {
      const axis = this.axis(select), comparable = axis && (share || report.comparable(axis, this.y.value));
      if (axis && (axis === x || !comparable || (select === this.group && share))) select.value = NONE;
    }
    if (this.group.value === this.panel.value) this.panel.value = NONE;
    const group = this.axis(this.group), panel = this.axis(this.panel);
    this.drawn = [x, group, panel].filter(Boolean).map((axis) => axis.name);
    this.hold(this.drawn);
    const parts = this.panels(panel), across = new Scale(x, false);
    const rows = parts.flatMap((part) => part.rows), up = this.up(rows, share);
    const used = x.values.map((_, k) => across.at[k]), low = Math.min(...used), high = Math.max(...used);
    const room = across.kind === "steps" ? 0.5 : 0.02 * (high - low);
    const layout = this.grid(parts.map(({name}) => name), {title: x.title, range: [low - room, high + room], ticks: (range, most) => across.ticks(range, most)},
      up, parts.length > 3 ? 260 : 360);
    const traces = parts.flatMap((part, k) => {
      const axes = {xaxis: `x${k ? k + 1 : ""}`, yaxis: `y${k ? k + 1 : ""}`, legend: "legend"};
      const lines = share ? this.shares(x, across, part.rows) : this.medians(x, across, group, part.rows, up);
      return lines.map((trace) => ({...trace, ...axes, showlegend: trace.showlegend !== false && k === 0}));
    });
    const legend = {orientation: "h", x: 0, xanchor: "left", y: 1, yref: "container", yanchor: "top", bgcolor: "rgba(0,0,0,0)", title: {text: group && !share ? `${words(group.name)} ` : "status "}};
    const named = traces.some((trace) => trace.showlegend) && (share || group);
    this.told(x, group, share, up);
    await this.plot(traces, {...layout, showlegend: Boolean(named), legend, margin: {l: 60, r: 20, t: named ? 52 : 26, b: 50}});
  }

  /* The scale upwards. */
  up(rows, share) {
    const name = this.y.value, {report} = this;
    if (share) return {title: "share of rows", range: [0, 1], ticks: () => ({tickvals: [0, 0.25, 0.5, 0.75, 1], ticktext: ["0 %", "25 %", "50 %", "75 %", "100 %"]}), turn: (value) => value};
    if (report.isLoss(name)) {
      const range = report.range(name, rows), room = 0.04 * (range.high - range.low);
      const turn = (loss) => Math.min(Math.max(Math.log10(Math.max(loss, 1e-300)), range.low), range.high);
      return {...range, title: report.title(name), log: true, range: [range.low - room, range.high + room], ticks: lossTicks, turn};
    }
    const values = ascending(rows.map((row) => report.column(name)[row])), ends = values.length ? [quantile(values, 0.005), quantile(values, 0.995)] : [0, 1];
    const room = 0.05 * (ends[1] - ends[0] || 1);
    return {title: report.title(name), range: [ends[0] - room, ends[1] + room], ticks: report.data.epochs.includes(name) ? (range, most) => whole(linearTicks(...range, most, true)) : plainTicks, turn: (value) => value};
  }

  by(x, rows) {
    const found = x.values.map(() => []);
    for (const row of rows) found[this.report.column(x.name)[row]]?.push(row);  // -1 for a row without one
    return found;
  }

  shares(x, across, rows) {
    const by = this.by(x, rows), status = this.report.column("status"), {statuses, meanings} = this.report.data;
    return statuses.map((label, which) => ({
      type: across.kind === "steps" ? "bar" : "scatter", ...(across.kind === "steps" ? {} : {mode: "lines", stackgroup: "one"}),
      name: `${label}: ${meanings[which]}`, x: across.at, customdata: x.values.map((_, k) => `${x.title} ${x.text(k)}`),
      y: by.map((here) => (here.length ? here.filter((row) => status[row] === which).length / here.length : 0)),
      line: {width: 0, color: style(label)}, fillcolor: style(label), marker: {color: style(label)}, hovertemplate: `%{customdata}<br>${label} %{y:.1%}<extra></extra>`,
    })).filter(({y}) => y.some(Boolean));
  }

  medians(x, across, group, rows, up) {
    const {report} = this, column = report.column(this.y.value);
    const those = (k) => rows.filter((row) => report.column(group.name)[row] === k), none = group && `no ${words(group.name)}`;
    const parts = group ? [...group.values.map((_, k) => [k, group.text(k), those(k)]), [group.values.length, none, those(-1)]] : [[0, "", rows]];
    const drawn = parts.filter(([, , part]) => part.some((row) => column[row] !== null));
    return drawn.flatMap(([k, name, part]) => {
      const values = this.by(x, part).map((here) => ascending(here.map((row) => column[row])));
      const places = values.map((_, i) => i).filter((i) => values[i].length), colour = this.palette[k % this.palette.length];
      const [low, middle, high] = QUARTILES.map((share) => places.map((i) => up.turn(quantile(values[i], share))));
      const many = places.some((i) => values[i].length > 1), where = places.map((i) => across.at[i]);
      const apart = across.axis.label, full = places.map((i) => `${x.title} ${x.text(i)}, ${plural(values[i].length, "row")}<br>median ${printed(quantile(values[i], 0.5))}`);
      const away = (ends) => middle.map((value, i) => Math.abs(ends[i] - value));
      const between = [...where, ...[...where].reverse()];
      return [
        ...(many && !apart ? [{type: "scatter", mode: "lines", line: {width: 0}, hoverinfo: "skip", showlegend: false, fill: "toself", fillcolor: `${colour}33`,
          x: between, y: [...low, ...[...high].reverse()]}] : []),
        {type: "scatter", mode: apart ? "markers" : places.length > 40 ? "lines" : "lines+markers", name: escaped(short(name)), x: where, y: middle, customdata: full,
          marker: {color: colour, size: apart ? 10 : 6, symbol: SYMBOLS[k % SYMBOLS.length]}, line: {color: colour, width: 2, dash: DASHES[k % DASHES.length]},
          ...(many && apart ? {error_y: {type: "data", symmetric: false, array: away(high), arrayminus: away(low), thickness: 1.5}} : {}),
          hovertemplate: `%{customdata}<extra>${escaped(name)}</extra>`},
      ];
    });
  }

  told(x, group, share, up) {
    const {report} = this, {held, over} = this.described(this.drawn), name = this.y.value;
    const each = group ? `, a line for each ${group.name === "epochs" ? "number of epochs" : words(group.name)}` : "";
    const title = share ? `How many rows ended how${over ? `,${over}` : ""}, by ${x.title}${held}.`
      : `${over ? "Median of the " : ""}${report.words(name)}${over}, by ${x.title}${each}${held}.`;
    const band = !share && over ? ` ${x.label ? "Bars" : "Bands"}: the middle 50 %.` : "";
    const without = !share && report.isLoss(name) && !report.aboutDiverged(name) && report.column("status").includes(DIVERGED) ? " Rows that diverged have no loss and are left out." : "";
    this.say(title[0].toUpperCase() + title.slice(1), `${band}${without}${up.log ? report.cut(up, "The scale is") : ""}`.trim());
  }
}
