/* What the pictures have in common: their controls, their panels, and how they are drawn. */

/* The pixels of a picture across, without what stands on either side. */
const room = (id) => at(id).clientWidth - 90;

/* All that there are: by itself plotly adds one that uploads the picture. */
const BUTTONS = ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"];

class Picture {
  constructor(report, id) {
    Object.assign(this, {report, id, form: at(`${id}-controls`), selects: new Map(), scales: {}});
    at(id).addEventListener("click", () => at(id).focus({preventScroll: true}));
  }

  choice(name, label, options, chosen, changed = () => this.draw()) {
    return choice(this.form, name, label, options, chosen, changed);
  }

  axisChoice(name, label, chosen, changed) {
    const options = [...this.report.axes.values()].map((axis) => [axis.name, axis.title]);
    return this.choice(name, label, options, chosen ?? NONE, changed);
  }

  /* Axes of few values, of which there may be a panel or a line each. */
  few(most) { return [...this.report.axes.values()].filter((axis) => axis.values.length <= most && !this.report.data.repeating.includes(axis.name)); }

  get palette() { return this.report.data.colours.lines; }

  axis(select) { return select.value === NONE ? null : this.report.axes.get(select.value); }

  /* Offer a choice for each axis that is not drawn. Words have to be chosen, for a median over unlike settings says
     nothing; so have epochs, at first their most; over other numbers the picture shows medians. */
  hold(drawn) {
    for (const [name, select] of this.selects) {
      if (drawn.includes(name)) { select.parentElement.remove(); this.selects.delete(name); }
    }
    for (const axis of this.report.axes.values()) {
      if (drawn.includes(axis.name) || this.selects.has(axis.name)) continue;
      const values = axis.values.map((_, k) => [k, short(axis.text(k), 60)]);
      const options = axis.label ? values : [[ALL, "all (median)"], ...values];
      const first = axis.label ? 0 : axis.name === "epochs" ? axis.values.length - 1 : ALL;
      this.selects.set(axis.name, this.choice(axis.name, words(axis.name), options, first));
    }
  }

  get held() {
    return [...this.selects].filter(([, select]) => select.value !== ALL).map(([name, select]) => [name, Number(select.value)]);
  }

  /* The panels: [{name, rows}, ..], one for each value of an axis that has rows, or one of all. */
  panels(axis) {
    const rows = this.report.rows(this.held);
    if (!axis) return [{name: "", rows}];
    const column = this.report.column(axis.name), found = axis.values.map((_, k) => ({name: `${words(axis.name)} ${axis.text(k)}`, rows: []}));
    found.push({name: `no ${words(axis.name)}`, rows: []});
    for (const row of rows) found.at(column[row]).rows.push(row);  // -1 for a row without one
    return found.filter((panel) => panel.rows.length);
  }

  /* What is held, and over what the rows of one place go, in words. */
  described(drawn) {
    const {axes} = this.report;
    const held = this.held.map(([name, k]) => (name === "epochs" ? plural(axes.get(name).values[k], "epoch") : `${words(name)} ${axes.get(name).text(k)}`));
    const several = ({name, values, total}) => `${values.length < total ? `${counted(values.length)} of ` : ""}` +
      (this.report.data.repeating.includes(name) ? plural(total, name) : `${counted(total)} values of ${words(name)}`);
    const over = [...axes.values()].filter((axis) => !drawn.includes(axis.name) && this.selects.get(axis.name)?.value === ALL).map(several);
    return {held: held.length ? `; ${held.join(", ")}` : "", over: over.length ? ` over ${over.join(" and ")}` : ""};
  }

  say(title, note, legend = []) {
    at(`${this.id}-title`).textContent = title;
    at(`${this.id}-note`).textContent = note;
    at(`${this.id}-key`).replaceChildren(...legend);
    at(this.id).setAttribute("aria-label", `${title} ${note}`);
  }

  /* Axes of n panels beside and below one another. x, y: {title, range, ticks(range, most)}. height: of a panel. */
  grid(names, x, y, height) {
    const n = names.length, columns = narrow() ? 1 : Math.min(n, n === 4 ? 2 : 3), rows = Math.ceil(n / columns);
    const wide = room(this.id), across = columns > 1 ? 44 / wide : 0, each = (1 - across * (columns - 1)) / columns;
    const gap = rows > 1 ? 56 / (rows * height) : 0, tall = (1 - gap * (rows - 1)) / rows;
    const layout = {annotations: []};
    this.scales = {};
    names.forEach((name, k) => {
      const column = k % columns, row = Math.floor(k / columns), key = k ? String(k + 1) : "", last = k + columns >= n;
      const left = column * (each + across), top = 1 - row * (tall + gap);
      const most = {x: Math.max(3, Math.floor((wide * each) / 65)), y: Math.max(3, Math.floor((height - 60) / 45))};
      const domain = {x: [left, left + each], y: [Math.max(0, top - tall), top]};
      for (const [letter, other, what, labelled] of [["x", "y", x, true], ["y", "x", y, column === 0]]) {
        const title = (letter === "x" ? last : labelled) ? {text: escaped(what.title), standoff: 6} : {text: ""};
        layout[`${letter}axis${key}`] = {title, range: what.range, domain: domain[letter], anchor: `${other}${key}`, showticklabels: labelled,
          zeroline: false, ...(k ? {matches: letter} : {}), ...what.ticks(what.range, most[letter])};
        this.scales[`${letter}axis${key}`] = {ticks: what.ticks, most: most[letter]};
      }
      if (name) {
        layout.annotations.push({text: `<b>${escaped(short(name, 48))}</b>`, showarrow: false, xref: "paper", yref: "paper", x: left, y: top,
          xanchor: "left", yanchor: "bottom", font: {size: 12}});
      }
    });
    at(this.id).style.height = `${rows * height + 60}px`;
    return layout;
  }

  async plot(traces, more) {
    const font = {color: style("text"), family: getComputedStyle(document.body).fontFamily, size: 13};
    const axis = {gridcolor: style("line"), linecolor: style("muted"), ticks: "outside", tickcolor: style("muted"), automargin: true, tickangle: "auto"};
    const layout = {paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font, autosize: true, hovermode: "closest", dragmode: narrow() ? false : "zoom",
      margin: {l: 60, r: 20, t: 26, b: 50}, showlegend: false, modebar: {bgcolor: "rgba(0,0,0,0)", color: style("muted"), activecolor: style("text")}, ...more};
    for (const key of Object.keys(layout)) if (/^[xy]axis/.test(key)) layout[key] = {...axis, ...layout[key]};
    const config = {responsive: true, displaylogo: false, plotlyServerURL: "", displayModeBar: narrow() ? false : "hover", modeBarButtons: [BUTTONS]};
    const first = !at(this.id).on;
    await Plotly.react(at(this.id), traces, layout, config);
    if (first) at(this.id).on("plotly_relayout", (event) => this.zoomed(event));
  }

  /* After a zoom, ticks for what is seen. */
  zoomed(event) {
    if (!Object.keys(event).some((key) => /axis\d*\.(range|autorange)/.test(key))) return;
    const seen = at(this.id)._fullLayout, changes = {};
    for (const [key, {ticks, most}] of Object.entries(this.scales)) {
      const {tickvals, ticktext} = ticks([...seen[key].range].sort((a, b) => a - b), most);
      Object.assign(changes, {[`${key}.tickvals`]: tickvals, [`${key}.ticktext`]: ticktext});
    }
    Plotly.relayout(at(this.id), changes);
  }
}
