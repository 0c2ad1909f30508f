/* Numbers in print. */

const PLAIN = [1e-3, 1e5];

/* The number that is nearest, of those with so many significant digits. */
const toDigits = (value, digits) => Number(value.toPrecision(digits));

/* A count, its thousands apart. */
const counted = (count) => count.toLocaleString("en");

/* A number without its sign, to so many digits. */
function plain(value, digits) {
  const size = Math.abs(value);
  if (Number.isNaN(value)) return "nan";
  if (size === Infinity) return "\u221e";
  if (size === 0) return "0";
  const rounded = toDigits(size, digits);
  if (rounded >= 1e-4 && rounded < 1e6) return String(rounded);
  return rounded.toExponential().replace("e+", "e").replace("-", "\u2212");
}

function print(value, digits = 4) {
  return (value < 0 ? "\u2212" : "") + plain(value, digits);
}

/* What is added to a number: its sign stands apart. */
function plus(value, digits = 4) {
  return (value < 0 ? "\u2212 " : "+ ") + plain(value, digits);
}

/* A value of the table for a reader, who may paste it into code: whole numbers, such as those of rows, in full. */
function printed(value, digits = 6) {
  if (value === null || value === undefined) return "none";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : print(value, digits).replaceAll("\u2212", "-");
}

/* What ticks say: written out, or powers of ten if some are very small or large. */
function tickTexts(values) {
  const sizes = values.filter((value) => value !== 0).map(Math.abs);
  const plain = !sizes.length || (Math.min(...sizes) >= PLAIN[0] && Math.max(...sizes) < PLAIN[1]);
  return values.map((value) => (plain || value === 0 ? printed(value) : powerText(value)));
}

function powerText(value) {
  const [digits, power] = value.toExponential(2).split("e").map(Number);
  return `${digits === 1 ? "" : `${digits}\u00d7`}10<sup>${power < 0 ? "\u2212" : ""}${Math.abs(power)}</sup>`;
}
