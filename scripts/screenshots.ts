/**
 * Pictures of the panel in screenshots/: every page, full and empty, wide and phone, light and dark, in English; the full ones
 * in Chinese too. A server of its own in a temporary home answers from a script, so that the pictures are the same each time.
 * `bun scripts/screenshots.ts [word…]` takes only those whose name contains one of the words, such as `phone-dark`.
 */
import { mkdirSync } from "node:fs";
import { PAGE_TITLES } from "../src/panel/components/page-titles.ts";
import { closeAll, goTo, openSession, PHONE } from "../test/browser/acts.ts";
import { findChromium, openPage } from "../test/browser/page.ts";
import { showcase } from "../test/browser/showcase.ts";
import { testApp } from "../test/support/app.ts";

const FOLDER = "screenshots";
const SIZES = { wide: { width: 1440, height: 900, touch: false }, phone: PHONE };
/** By page, which of its entries is opened for a second picture. */
const OPENED: Readonly<Record<string, string>> = {
  plugins: "calendar",
  skills: "release-notes",
  mcp: "archive",
  devices: "tok",
};
const THEMES = ["light", "dark"] as const;
const PAGES = [...Object.keys(PAGE_TITLES), "new", "search/October"];

const chromium = findChromium();
if (!chromium) {
  console.error("No Chromium found: install it (Debian: chromium) and try again");
  process.exit(1);
}
const wanted = process.argv.slice(2);
mkdirSync(FOLDER, { recursive: true });

await using shown = await showcase();
await using fresh = await testApp();
using page = await openPage(chromium);

for (const [size, shape] of Object.entries(SIZES)) {
  await page.resize(shape);
  for (const theme of THEMES) {
    const shot = shooter(`${size}-${theme}`);
    await begin(shown, { theme });
    await shot("login");
    await page.logIn(shown);
    for (const name of PAGES) {
      await goTo(page, name);
      await shot(name);
      const entry = OPENED[name];
      if (entry === undefined) continue;
      const row = `document.querySelector("details[data-entry^='${entry}']")`;
      await page.until(`${row} && (${row}.open = true)`);
      await page.until(`document.querySelector(".entry-body .approval-answers")`);
      await page.evaluate(`document.querySelector(".entry-body").scrollIntoView({ block: "end" })`);
      await shot(`${name}-open`);
    }
    await conversations(shot);
    await dialogs(shot);
    if (size === "phone") {
      await goTo(page, "new");
      await page.click(".page-head .icon-button");
      await page.until(`document.querySelector(".rail")`);
      await shot("drawer");
    }
    await begin(fresh, { theme });
    await page.logIn(fresh);
    for (const name of PAGES) {
      await goTo(page, name);
      await shot(`${name}-empty`);
    }
  }
  await begin(shown, { theme: "light", language: "zh" });
  await page.logIn(shown);
  const shot = shooter(`${size}-zh`);
  for (const name of PAGES) {
    await goTo(page, name);
    await shot(name);
  }
  await visit(shown.asking);
  await shot("approval");
}

type Shot = (name: string) => Promise<void>;

function shooter(kind: string): Shot {
  return async (name) => {
    const file = `${kind}-${name.replaceAll("/", "-")}.png`;
    if (wanted.length > 0 && !wanted.some((word) => file.includes(word))) return;
    await page.settled();
    await page.screenshot(`${FOLDER}/${file}`);
    console.log(`${FOLDER}/${file}`);
  };
}

/** The login page, with what this browser is said to prefer. */
async function begin({ url }: { readonly url: string }, preferences: object): Promise<void> {
  await page.open(`${url}/login`);
  await page.evaluate(
    `localStorage.setItem("aleph.preferences", ${JSON.stringify(JSON.stringify({ language: "en", ...preferences }))})`,
  );
  await page.open(`${url}/login`);
}

async function visit(key: string): Promise<void> {
  await closeAll(page);
  await openSession(page, key);
  await page.until(`document.querySelector(".answer")`);
  await page.settled();
}

async function conversations(shot: Shot): Promise<void> {
  await visit(shown.answered);
  await shot("conversation-end");
  await page.evaluate(`document.querySelector(".scroller").scrollTop = 0`);
  await shot("conversation");
  await page.until(`document.querySelectorAll("details")[1] && (document.querySelectorAll("details")[1].open = true)`);
  await shot("tool-open");
  await visit(shown.asking);
  await page.until(`document.querySelector(".approval")`);
  await shot("approval");
  await visit(shown.failed);
  await page.until(`document.querySelector(".ending.failed")`);
  await shot("failed");
  await page.click(".composer .chip");
  await page.until(`document.querySelectorAll(".menu-item").length > 2`);
  await shot("models-menu");
}

async function dialogs(shot: Shot): Promise<void> {
  await goTo(page, "devices");
  const open = async (words: string) => {
    await closeAll(page);
    await page.evaluate(
      `[...document.querySelectorAll(".section-head .button")].find((one) => one.innerText === "${words}").click()`,
    );
    await page.until(`document.querySelector("dialog[open]")`);
  };
  await open("Link a device");
  await page.press("Enter");
  await page.until(`document.querySelector(".qr")`);
  await shot("device-link");
  await open("Invite a guest");
  await page.until(`document.querySelector(".choices label")`);
  await shot("guest-new");
  await open("New token");
  await shot("token-new");
  await page.type("Pictures");
  await page.press("Enter");
  await page.until(`document.querySelector(".secret")`);
  await shot("token-made");
  for (const [name, key, modifiers] of [
    ["keys", "?", []],
    ["palette", "k", ["Control"]],
  ] as const) {
    await closeAll(page);
    await page.evaluate(`document.activeElement.blur()`);
    await page.press(key, modifiers);
    await page.until(`document.querySelector("dialog[open]")`);
    await shot(name);
  }
}
