// The loss, and what is selected, over the steps that are shown.

const MOST_TICKS = 4;

/** From numbers to places, and where ticks are: straight, or over more than three powers of ten logarithmic, on both
 *  sides of zero if need be. */
function curveScale(sizes, low, high) {
  const most = Math.max(...sizes), least = Math.min(...sizes.filter((size) => size > 0)), middle = sizes[0] || least;
  if (low > 0 && most / least > 1e3) return { scale: Math.log10, ticks: logTicks(low, high, MOST_TICKS) };
  if (most <= 1e3 * middle) return { scale: (value) => value, ticks: linearTicks(low, high, MOST_TICKS) };
  const scale = (value) => Math.asinh(value / middle), between = middle * Math.sinh((scale(low) + scale(high)) / 2);
  return { scale, ticks: [low, between, high].map((value) => toDigits(value, 2)) };
}

/** Some of the steps, at equal distances, for the ticks below, and what they say: epochs, or of one epoch its samples. */
function stepTicks() {
  const starts = forwards.filter(({ epoch }, i) => epoch !== forwards[i - 1]?.epoch), one = starts.length === 1;
  const among = one ? forwards : starts, count = Math.min(among.length, MOST_TICKS);
  return Array.from({ length: count }, (_, k) => {
    const step = among[count > 1 ? Math.round((k * (among.length - 1)) / (count - 1)) : 0];
    const number = counted(one && about.samples > 1 ? step.sample : step.epoch);
    return { at: step.at, text: k ? number : `${one && about.samples > 1 ? "sample" : "epoch"} ${number}` };
  });
}

function chart(svg, curves, now, text) {
  const width = svg.clientWidth || 340, height = Math.max(128, svg.clientHeight), box = { l: 66, r: 10, t: 10, b: 20 };
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", text);
  const values = curves.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
  if (!values.length) return;
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const { scale, ticks } = curveScale(values.map(Math.abs), low, high), most = forwards.length;
  const px = (x) => box.l + (x / most) * (width - box.l - box.r);
  const py = (y) => height - box.b - ((scale(y) - scale(low)) / (scale(high) - scale(low))) * (height - box.t - box.b);
  ticks.forEach((y) => {
    make("line", { class: "grid", x1: box.l, x2: width - box.r, y1: py(y), y2: py(y) }, svg);
    make("text", { class: "tick up", x: box.l - 6, y: py(y), style: "text-anchor:end" }, svg, print(y, 6));
  });
  stepTicks().forEach(({ at, text: said }, k) => {
    make("line", { class: "grid", x1: px(at), x2: px(at), y1: height - box.b, y2: height - box.b + 4 }, svg);
    const anchor = !k ? "start" : px(at) > width - 24 ? "end" : "middle";
    make("text", { class: "tick across", x: px(at), y: height - 8, style: `text-anchor:${anchor}` }, svg, said);
  });
  make("line", { class: "cursor", x1: px(now), x2: px(now), y1: box.t, y2: height - box.b }, svg);
  curves.forEach(({ points, style, dot }) => {
    let pen = "M";
    const path = points.map(([x, y]) => {
      const command = Number.isFinite(y) ? `${pen}${px(x).toFixed(1)} ${py(y).toFixed(1)}` : "";
      pen = Number.isFinite(y) ? "L" : "M";
      return command;
    });
    make("path", { class: `curve ${style}`, d: path.join("") }, svg);
    points.forEach(([x, y], i) => {  // between gaps there is no line to see
      const alone = Number.isFinite(y) && ![points[i - 1], points[i + 1]].some((other) => other && Number.isFinite(other[1]));
      if (alone) make("circle", { class: `alone ${style}`, cx: px(x), cy: py(y), r: 2.5 }, svg);
    });
    if (Number.isFinite(dot)) make("circle", { class: "dot", cx: px(now), cy: py(dot), r: 4 }, svg);
  });
}

/** A point for each sample, with a gap where steps are left out. */
function pointsOf(value) {
  return forwards.flatMap((frame) => [...(frame.gap ? [[frame.at, NaN]] : []), [frame.at, value(frame)]]);
}

/** The mean loss of each epoch, over the middle of its samples. */
function meansOf() {
  const epochs = Map.groupBy(forwards.filter(({ epoch }) => losses.has(epoch)), ({ epoch }) => epoch);
  return [...epochs].flatMap(([epoch, [first, ...more]], i) => {
    const gap = i > 0 && !losses.has(epoch - 1) ? [[first.at, NaN]] : [];
    return [...gap, [first.at + (more.length + 1) / 2, losses.get(epoch)]];
  });
}

/** What a part is drawn by at a stage: a unit's activation or its delta, or a weight. */
function seriesOf(name, { phase }) {
  const { kind, layer, unit } = partOf(name);
  if (kind === "unit") {
    const key = phase === "forward" || layer === 0 ? name : namesOf(layer, unit).delta;
    return { key, points: pointsOf(({ values }) => values.get(key)?.value ?? NaN), value: ({ values }) => values.get(key).value };
  }
  const points = forwards.flatMap(({ at: x, gap, update }, i) => {
    const { before, after } = update.get(name), ends = forwards[i + 1]?.gap ?? true;
    return [...(gap ? [[x, NaN]] : []), [x, before], ...(ends ? [[x + 1, after]] : [])];
  });
  return { key: name, points, value: (frame) => shownWeight(frame, name) };
}

function showCurves(frame) {
  const { value } = frame.values.get("cost"), cost = print(value), mean = losses.get(frame.epoch), many = about.samples > 1;
  const title = many ? `cost ${cost}${mean === undefined ? "" : `, mean of the epoch ${print(mean)}`}` : `loss ${cost}`;
  $("loss-title").textContent = title;
  const costs = pointsOf(({ values }) => values.get("cost").value);
  chart($("loss"), many ? [{ points: costs, style: "thin", dot: value }, { points: meansOf(), style: "" }] : [{ points: costs, style: "", dot: value }], frame.at, title);
  const name = selectedNow(), { key, points, value: of } = seriesOf(name, frame), text = `${key} ${print(of(frame))}`;
  $("weight-title").textContent = text;
  const done = partOf(name).kind !== "unit" && frame.phase === "update" ? frame.at + 1 : frame.at;
  chart($("weight"), [{ points, style: "", dot: of(frame) }], done, text);
}
