/**
 * Pictures of the panel in screenshots/: wide and phone, light and dark, of each state that can be looked at. A server of its
 * own in a temporary home answers from a script, so that the pictures are the same each time. `bun scripts/screenshots.ts
 * [name…]` takes only those whose name contains one of the words.
 */
import { mkdirSync } from "node:fs";
import { findChromium, openPage, type Page } from "../test/browser/page.ts";
import { showcase } from "../test/browser/showcase.ts";
import { testApp } from "../test/support/app.ts";

const FOLDER = "screenshots";
const SIZES = { wide: { width: 1440, height: 900, touch: false }, phone: { width: 390, height: 844, touch: true } };
/** By page, which of its entries is opened. */
const OPENED: Readonly<Record<string, readonly string[]>> = {
  plugins: ["calendar"],
  skills: ["release-notes"],
  mcp: ["archive"],
  devices: ["tok"],
};
const THEMES = ["light", "dark"] as const;

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
    const shot = async (name: string) => {
      const file = `${size}-${theme}-${name}.png`;
      if (wanted.length > 0 && !wanted.some((word) => file.includes(word))) return;
      await page.settled();
      await page.screenshot(`${FOLDER}/${file}`);
      console.log(`${FOLDER}/${file}`);
    };
    await page.open(`${shown.url}/login`);
    await page.evaluate(`localStorage.setItem("aleph.preferences", JSON.stringify({ theme: "${theme}" }))`);
    await page.open(`${shown.url}/login`);
    await shot("login");
    await page.logIn(shown);
    await shot("empty");
    await visit(page, shown.answered);
    await shot("conversation-end");
    await scroll(page, 0);
    await shot("conversation");
    await page.until(
      `document.querySelectorAll("details")[1] && (document.querySelectorAll("details")[1].open = true)`,
    );
    await shot("tool-open");
    await visit(page, shown.asking);
    await page.until(`document.querySelector(".approval")`);
    await shot("approval");
    await visit(page, shown.failed);
    await page.until(`document.querySelector(".ending.failed")`);
    await shot("failed");
    await page.click(".chip");
    await page.until(`document.querySelectorAll(".menu-item").length > 2`);
    await shot("models");
    await page.press("Escape");
    await page.evaluate(`location.hash = "#/settings"`);
    await page.until(`document.querySelector(".settings")`);
    await shot("settings");
    for (const name of ["approvals", "plugins", "skills", "mcp", "devices"]) {
      await page.evaluate(`location.hash = "#/${name}"`);
      await page.until(`document.querySelector(".entries .approval")`);
      await shot(name);
      const [entry] = OPENED[name] ?? [];
      if (!entry) continue;
      const row = `document.querySelector("details[data-entry^='${entry}']")`;
      await page.until(`${row} && (${row}.open = true)`);
      await page.until(`document.querySelector(".entry-body .approval-answers")`);
      await page.evaluate(`document.querySelector(".entry-body").scrollIntoView({ block: "end" })`);
      await shot(`${name}-open`);
    }
    const open = async (words: string) => {
      await page.evaluate(
        `[...document.querySelectorAll(".section-head .button")].find((one) => one.innerText === "${words}").click()`,
      );
      await page.until(`document.querySelector("dialog[open]")`);
    };
    await open("Link a device");
    await page.press("Enter");
    await page.until(`document.querySelector(".qr")`);
    await shot("device-link");
    await page.press("Escape");
    await page.until(`!document.querySelector("dialog")`);
    await open("Invite a guest");
    await page.until(`document.querySelector(".choices label")`);
    await shot("guest-new");
    await page.press("Escape");
    await page.until(`!document.querySelector("dialog")`);
    await open("New token");
    await shot("token-new");
    await page.type("Pictures");
    await page.press("Enter");
    await page.until(`document.querySelector(".secret")`);
    await shot("token-made");
    await page.press("Escape");
    await page.until(`!document.querySelector("dialog")`);
    if (size === "phone") {
      await page.click(".page-head .icon-button");
      await page.until(`document.querySelector(".rail")`);
      await shot("drawer");
    } else {
      await page.evaluate(`document.activeElement.blur()`);
      await page.press("?");
      await page.until(`document.querySelector("dialog[open]")`);
      await shot("keys");
    }
    await page.open(`${fresh.url}/login`);
    await page.evaluate(`localStorage.setItem("aleph.preferences", JSON.stringify({ theme: "${theme}" }))`);
    await page.logIn(fresh);
    await page.until(`document.querySelector(".empty-acts")`);
    await shot("first-run");
    for (const name of ["approvals", "skills", "mcp", "devices"]) {
      await page.evaluate(`location.hash = "#/${name}"`);
      await page.until(`document.querySelector(".entries .aside, .entries .install")`);
      await shot(`${name}-empty`);
    }
  }
}

async function visit(page: Page, key: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/s/${encodeURIComponent(key)}`)}`);
  await page.until(`document.querySelector(".answer")`);
}

async function scroll(page: Page, top: number): Promise<void> {
  await page.evaluate(`document.querySelector(".scroller").scrollTop = ${top}`);
}
