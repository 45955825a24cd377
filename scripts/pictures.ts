/**
 * The pictures of the README in docs/images: the panel as a browser shows it, and the terminal interface as a terminal shows
 * it, light and dark. A server of its own answers from a script: `bun scripts/pictures.ts`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeAll, openSession } from "../test/browser/acts.ts";
import { findChromium, openPage } from "../test/browser/page.ts";
import { type Showcase, showcase } from "../test/browser/showcase.ts";
import { findTmux, openTmux } from "../test/support/tmux.ts";
import { drawTerminal } from "./terminal-picture.ts";

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, "docs/images");
const THEMES = ["light", "dark"] as const;
const SCREEN = { columns: 110, rows: 32 };
/** Of each picture: a page of text is not to be slow because of them. */
const MAX_BYTES = 150 * 1024;

const chromium = findChromium();
if (!chromium || !findTmux()) {
  console.error("Chromium and tmux are needed (Debian: chromium, tmux)");
  process.exit(1);
}
mkdirSync(FOLDER, { recursive: true });
await using shown = await showcase();
await takePanel(shown, chromium);
await takeTerminal(shown);

async function takePanel(server: Showcase, browser: string): Promise<void> {
  using page = await openPage(browser);
  await page.resize({ width: 1200, height: 720, touch: false });
  for (const theme of THEMES) {
    await page.open(`${server.url}/login`);
    const preferences = JSON.stringify({ language: "en", theme });
    await page.evaluate(`localStorage.setItem("aleph.preferences", ${JSON.stringify(preferences)})`);
    await page.open(`${server.url}/login`);
    await page.logIn(server);
    await closeAll(page);
    await openSession(page, server.answered);
    await page.until(`document.querySelector(".answer .facts")`);
    await page.settled();
    const path = join(FOLDER, `panel-${theme}.png`);
    await page.screenshot(path);
    keep(`panel-${theme}.png`, new Uint8Array(await Bun.file(path).arrayBuffer()));
  }
}

async function takeTerminal(server: Showcase): Promise<void> {
  for (const theme of THEMES) {
    const token = await Bun.file(join(server.home.credentials, "token")).text();
    await using terminal = await openTmux({
      ...SCREEN,
      command: `${process.execPath} ${join(ROOT, "src/main.ts")} tui --url ${server.url} --session ${server.answered} --theme ${theme}`,
      cwd: ROOT,
      env: { HOME: server.home.path, ALEPH_HOME: server.home.path, ALEPH_TOKEN: token.trim(), COLORTERM: "truecolor" },
    });
    await terminal.shows("connected");
    await terminal.shows("Two things to keep in mind");
    keep(
      `terminal-${theme}.svg`,
      new TextEncoder().encode(drawTerminal(await terminal.coloured(), { ...SCREEN, theme })),
    );
  }
}

function keep(name: string, bytes: Uint8Array): void {
  if (bytes.length > MAX_BYTES) throw new Error(`${name} has ${bytes.length} bytes, at most ${MAX_BYTES} are wanted`);
  writeFileSync(join(FOLDER, name), bytes);
  console.log(`docs/images/${name}  ${bytes.length} bytes`);
}
