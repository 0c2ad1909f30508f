/* Axes of the grid, and where their values stand in a picture. */

const UNEVEN = 20, MOST_VALUES = 8;

/* A parameter that varies. values: those of the rows in the page, of a total. label: they are words, which nothing lies
   between, and which are never merged. */
class Axis {
  constructor({name, title, values, log, total}) {
    Object.assign(this, {name, title, values, log, total, label: typeof values[0] === "string"});
  }

  text(k) { return printed(this.values[k]); }

  /* How it is drawn in a picture of lines: as its numbers, or in equal steps where they are words or lie unevenly. */
  get kind() {
    if (this.label || this.values.length < 2) return "steps";
    if (this.log) return "log";
    const gaps = this.values.slice(1).map((value, k) => value - this.values[k]);
    return Math.max(...gaps) > UNEVEN * Math.min(...gaps) ? "steps" : "linear";
  }
}

/* From the values of an axis to places in a picture. cells: in equal steps, as the cells of a map. */
class Scale {
  constructor(axis, cells) {
    this.axis = axis;
    this.kind = cells ? "steps" : axis.kind;
    this.turn = axis.log ? Math.log10 : (value) => value;
    this.back = axis.log ? (number) => 10 ** number : (number) => number;
    this.at = axis.values.map((value, k) => (this.kind === "steps" ? k : this.turn(value)));
  }

  /* The place of any number between the values. */
  place(value) {
    if (this.kind !== "steps") return this.turn(value);
    const {values} = this.axis;
    let k = values.findIndex((other) => other >= value * (1 - 1e-12));
    if (k <= 0) return k === 0 ? 0 : values.length - 1;
    const [low, high] = [values[k - 1], values[k]].map(this.turn);
    return k - 1 + (this.turn(value) - low) / (high - low);
  }

  /* The number at a place. */
  value(place) {
    if (this.kind !== "steps") return this.back(place);
    const {values} = this.axis, inside = Math.min(Math.max(place, 0), values.length - 1), k = Math.floor(inside);
    if (k === values.length - 1) return values[k];
    return this.back(this.turn(values[k]) + (inside - k) * (this.turn(values[k + 1]) - this.turn(values[k])));
  }

  /* Ticks from one place to another, as a layout of plotly has them. */
  ticks([low, high], most) {
    const inside = this.at.map((_, k) => k).filter((k) => this.at[k] >= low && this.at[k] <= high);
    if (this.axis.label) {
      const step = Math.max(1, Math.ceil(inside.length / Math.max(most, 2)));
      const kept = inside.filter((_, n) => n % step === 0);
      return {tickvals: kept, ticktext: kept.map((k) => escaped(short(this.axis.text(k))))};
    }
    const gaps = inside.slice(1).map((k, n) => this.at[k] - this.at[inside[n]]);
    const apart = Math.min(...gaps, Infinity) >= (0.8 * (high - low)) / most;
    const few = inside.length <= Math.min(most, MOST_VALUES) && inside.every((k) => this.axis.text(k).length <= 6);
    if (inside.length && few && apart) return {tickvals: inside.map((k) => this.at[k]), ticktext: tickTexts(inside.map((k) => this.axis.values[k]))};
    const whole = this.axis.values.every(Number.isInteger), ends = [this.value(low), this.value(high)];
    const found = (this.axis.log ? logTicks(...ends, most) : linearTicks(...ends, most, whole));
    const places = found.map((value) => this.place(value));
    const kept = found.filter((_, n) => n === 0 || this.kind !== "steps" || places[n] - places[n - 1] > (0.5 * (high - low)) / most);
    return {tickvals: kept.map((value) => this.place(value)), ticktext: tickTexts(kept)};
  }
}

/* Ticks of a scale of losses between two powers of ten; and of other numbers. */
const lossTicks = ([low, high], most) => {
  const found = logTicks(10 ** low, 10 ** high, most);
  return {tickvals: found.map(Math.log10), ticktext: tickTexts(found)};
};
const plainTicks = ([low, high], most) => {
  const found = linearTicks(low, high, most);
  return {tickvals: found, ticktext: tickTexts(found)};
};
