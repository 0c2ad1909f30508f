/* Round numbers for the ticks of an axis: the rules of harness/views/ticks.py. */

const FEWEST_TICKS = 3, STEPS = [1, 2, 2.5, 5];

/* Multiples of 1, 2, 2.5 or 5 times a power of ten: at most so many, but three if there can be. whole: only whole numbers. */
function linearTicks(low, high, most, whole = false) {
  if (!(high > low)) return [low];
  const room = 1e-9 * (high - low), power = 10 ** Math.floor(Math.log10((high - low) / Math.max(most, FEWEST_TICKS)) - 1);
  const steps = [1, 10, 100, 1000].flatMap((more) => STEPS.map((start) => start * power * more));
  let finer = [];
  for (const step of steps.filter((size) => !whole || (size >= 1 && size % 1 === 0))) {
    const first = Math.ceil((low - room) / step), count = Math.floor((high + room) / step) - first + 1;
    const found = Array.from({length: Math.max(0, count)}, (_, k) => toDigits((first + k) * step, 12));
    if (count <= most) return count < FEWEST_TICKS && finer.length ? finer : found.length ? found : [low];
    finer = found;
  }
  return finer;
}

/* Every so many powers of ten; or 1 and 5, or 1, 2 and 5 of each, if there is room or there would be too few. */
function logTicks(low, high, most) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9), decades = last - first + 1;
  const found = [[1, 2, 5], [1], [1, 5], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]].map((digits) => starting(digits, first - 1, last + 1, low, high));
  const enough = found.filter((some) => some.length >= FEWEST_TICKS), fitting = enough.filter((some) => some.length <= most);
  if (fitting.length) return fitting[0];
  if (decades < FEWEST_TICKS) return enough.sort((a, b) => a.length - b.length)[0] ?? linearTicks(low, high, most);
  let every = Math.ceil(decades / most);
  const powers = () => Array.from({length: decades}, (_, k) => first + k).filter((power) => power % every === 0);
  while (every > 1 && powers().length < FEWEST_TICKS) every -= 1;
  return powers().map((power) => Number(`1e${power}`));
}

/* The numbers from low to high that start with these digits, between two powers of ten. */
function starting(digits, first, last, low, high) {
  const found = [];
  for (let power = first; power <= last; power++) for (const digit of digits) found.push(Number(`${digit}e${power}`));
  return found.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}
