/** Draws the icons of the installable panel from its mark: `bun scripts/icons.ts` after the mark has changed. */
import { join } from "node:path";
import { findChromium, openPage } from "../test/browser/page.ts";

const FOLDER = join(import.meta.dir, "../src/panel/icons");
/** Side in pixels, and the share of it that the mark takes: a mask may cut off all but the inner four fifths. */
const ICONS = [
  { name: "icon-192", side: 192, share: 0.72, round: true },
  { name: "icon-512", side: 512, share: 0.72, round: true },
  { name: "icon-maskable-512", side: 512, share: 0.5, round: false },
  { name: "icon-touch-180", side: 180, share: 0.62, round: false },
] as const;
const PAPER = "#fbfaf6";
const INK = "#27518c";

const chromium = findChromium();
if (!chromium) {
  console.error("No Chromium found: install it and try again");
  process.exit(1);
}
const mark = await Bun.file(join(import.meta.dir, "../src/panel/mark.svg")).text();
const lines = /<g[^>]*>([\s\S]*)<\/g>/.exec(mark)![1]!;

using page = await openPage(chromium);
for (const { name, side, share, round } of ICONS) {
  const inner = side * share;
  const at = (side - inner) / 2;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="100%" height="100%" rx="${round ? side / 6 : 0}" fill="${PAPER}"/><svg x="${at}" y="${at}" width="${inner}" height="${inner}" viewBox="3 3 26 26"><g fill="none" stroke="${INK}" stroke-linecap="round">${lines}</g></svg></svg>`;
  const png = await page.evaluate<string>(`new Promise((resolve) => {
    const image = new Image();
    image.onload = () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: ${side}, height: ${side} });
      canvas.getContext("2d").drawImage(image, 0, 0);
      resolve(canvas.toDataURL("image/png").split(",")[1]);
    };
    image.src = "data:image/svg+xml;base64," + btoa(${JSON.stringify(svg)});
  })`);
  await Bun.write(join(FOLDER, `${name}.png`), Buffer.from(png, "base64"));
  console.log(name);
}
