/* Unpack the data and plotly, and draw the pictures in the order of the page. */

async function main() {
  if (typeof DecompressionStream === "undefined") {
    if (at("waiting")) at("waiting").textContent = "This browser is too old for the pictures: it cannot decompress them. The tables below need nothing.";
    return;
  }
  const data = JSON.parse(await unpacked("data"));
  document.head.append(element("script", {textContent: await unpacked("plotly")}));
  const report = new Report(data), pictures = [];
  at("waiting")?.remove();
  for (const [id, made] of [["map", HeatMap], ["line", Line], ["curves", Curves], ["parallel", Parallel]]) {
    if (!data.opening[id]) continue;
    at(`${id}-block`).hidden = false;
    pictures.push(new made(report));
  }
  const again = () => pictures.forEach((picture) => picture.draw());
  let waiting = null, width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(again, 200);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.documentElement.dataset.drawn = "true";
}

main();
