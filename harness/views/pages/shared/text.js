/* A text, or as much of it as there is room for. */
const short = (text, most = 26) => (text.length > most ? `${text.slice(0, most - 1)}\u2026` : text);
