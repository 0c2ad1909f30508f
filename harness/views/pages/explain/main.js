// What is shown, and every way to move through it.

const PLAY_MS = 1000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const scales = { weight: scaleOf(states, "before", "after") };

let at = 0, picked = null, hovered = null, timer = null, drawing = null;

const selectedNow = () => picked ?? followed(frames[at]);
const shownNow = () => hovered ?? selectedNow();
const shownWeight = (frame, name) => frame.update.get(name)[frame.phase === "update" ? "after" : "before"];
const thickness = (value) => 1.2 + 6.3 * share(value, scales.weight);

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

/** The stage in a sentence, for who does not see it. */
function sentence(frame) {
  const value = (name) => print(frame.values.get(name).value);
  if (frame.phase === "forward") {
    const each = network[last].map(({ name, target }) => `${name} ${value(name)}, target ${value(target)}`);
    return `${where(frame)}: ${each.join("; ")}; cost ${value("cost")}`;
  }
  if (frame.phase === "backward") {
    const derivatives = [...frame.values].filter(([, { kind }]) => kind === "cost derivative" || kind === "delta").slice(0, 12);
    return `${where(frame)}: ${derivatives.map(([name]) => `${name} ${value(name)}`).join(", ")}`;
  }
  const changes = parameters.slice(0, 12).map((name) => {
    const row = frame.update.get(name);
    return `${name} from ${print(row.before)} to ${print(row.after)}`;
  });
  return `${where(frame)}: ${changes.join(", ")}`;
}

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
    button.disabled = Boolean(frame.standing) && !here;
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

/** Keep a part selected; null: again the one that the stage is shown at. */
function select(name) {
  picked = name;
  hovered = null;
  show(false);
}

function hover(name) {
  if (hovered === name) return;
  hovered = name;
  showPanel(frames[at]);
  if (drawing.level === "none") drawing.show(frames[at]);
}

function pause() {
  clearInterval(timer);
  timer = null;
}

function play() {
  if (timer !== null) {
    pause();
  } else {
    if (at === frames.length - 1) go(0);
    timer = setInterval(() => (at === frames.length - 1 ? play() : go(at + 1)), PLAY_MS / Number($("speed").value));
  }
  $("play").textContent = timer === null ? "\u25b6\ufe0e play" : "\u23f8\ufe0e pause";
  $("play").setAttribute("aria-label", timer === null ? "Play" : "Pause");
  show(false);
}

/** The room for the drawing; on a narrow page its height is free. */
function room() {
  const box = $("box"), wide = matchMedia("(min-width: 1000px)").matches;
  return [Math.max(280, box.clientWidth), wide ? box.clientHeight : 640];
}

function build() {
  const svg = $("diagram");
  svg.replaceChildren();
  svg.setAttribute("aria-label", `network ${about.layers.join("-")}`);
  drawing = new (large ? Maps : Network)(svg, ...room());
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
  const named = Object.entries(about.columns).map(([ours, theirs]) => `${ours} = ${theirs}`);
  if (named.length) html("span", named.slice(0, 40).join(", "), parent, "columns");
}

const keys = {
  ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), ArrowUp: () => step(1), ArrowDown: () => step(-1),
  PageUp: () => step(1), PageDown: () => step(-1), Home: () => go(0), End: () => go(frames.length - 1), Escape: () => select(null),
};

document.addEventListener("keydown", (event) => {
  const plainKey = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey && event.target !== $("speed");
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
$("speed").addEventListener("change", () => timer !== null && [pause, play].forEach((act) => act()));
$("follow").addEventListener("click", () => select(null));
document.querySelectorAll("[data-phase]").forEach((button) => button.addEventListener("click", () => stage(button.dataset.phase)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(false));
let size = room();
new ResizeObserver(() => {
  const now = room();
  if (now.every((length, i) => length === size[i])) return;
  size = now;
  build();
}).observe($("box"));
legend();
build();
