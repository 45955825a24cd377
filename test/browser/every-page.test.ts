/** Every page of the panel, full and empty, as a mouse and as fingers see it, light and dark: what a reader of the screen meets, and what does not fit. */
import { afterAll, beforeAll, expect } from "bun:test";
import { PAGE_TITLES } from "../../src/panel/components/page-titles.ts";
import { testApp } from "../support/app.ts";
import { closeAll, goTo, openFolds, openSession, PHONE } from "./acts.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, findChromium, openPage, type Page, type Shape } from "./page.ts";
import { type Showcase, showcase } from "./showcase.ts";

/** Some twenty pages, each looked at several times. */
const LONG_MS = 180_000;
const SHAPES: Readonly<Record<string, Shape>> = { "a wide window": { width: 1280, height: 800 }, "a phone": PHONE };

/** Goes there, and resolves when there is nothing more to come. */
type Visit = (page: Page) => Promise<unknown>;

function placesOf(): [name: string, visit: Visit][] {
  const names = [...Object.keys(PAGE_TITLES), "new", "search", "search/October"];
  return names.map((name) => [name, (page) => goTo(page, name)]);
}

async function keyed(page: Page, key: string, modifiers: readonly Bun.WebView.Modifier[] = []): Promise<void> {
  await closeAll(page);
  await page.evaluate("document.activeElement?.blur()");
  await page.press(key, modifiers);
  await page.until("document.querySelector('dialog[open]')", key);
}

const pagesTest = (name: string, run: (chromium: string) => Promise<void>) => browserTest(name, run, LONG_MS);

/** The tests only look at it, and it takes its time to make. */
let shown: Showcase;
beforeAll(async () => {
  if (findChromium()) shown = await showcase();
}, LONG_MS);
afterAll(() => shown?.[Symbol.asyncDispose]());

for (const [where, shape] of Object.entries(SHAPES)) {
  pagesTest(`every page on ${where} has no fault when it is full`, async (chromium) => {
    using page = await openPage(chromium, shape);
    await page.open(`${shown.url}/login`);
    const session = (key: string): Visit => {
      return async () => {
        await closeAll(page);
        await openSession(page, key);
        await page.until("document.querySelector('.answer')");
      };
    };
    await withoutMotion(page);
    expect(await wrongOf(page, "login")).toEqual([]);
    await page.logIn(shown);
    const places: [string, Visit][] = [
      ...placesOf(),
      ["an answer", session(shown.answered)],
      ["an answer that failed", session(shown.failed)],
      ["a question", session(shown.asking)],
      ["the models", (page) => page.click(".composer .chip")],
      ["the keys", (page) => keyed(page, "?")],
      ["the palette", (page) => keyed(page, "k", ["Control"])],
    ];
    expect(await wrongOfAll(page, places)).toEqual([]);
  });

  pagesTest(`every page on ${where} has words and no fault when there is nothing on it`, async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium, shape);
    await page.logIn(server);
    const places = placesOf().map(([name, visit]): [string, Visit] => [
      name,
      async () => {
        await visit(page);
        const words = await page.evaluate<string>(
          "[...document.querySelectorAll('.main > *:not(.page-head):not(.tabs)')].map((one) => one.innerText).join(' ').trim()",
        );
        expect([name, words.length > 20]).toEqual([name, true]);
      },
    ]);
    expect(await wrongOfAll(page, places)).toEqual([]);
  });
}

pagesTest("every page fits on a phone in Chinese", async (chromium) => {
  using page = await openPage(chromium, PHONE);
  await page.open(`${shown.url}/login`);
  await page.evaluate(`localStorage.setItem("aleph.preferences", JSON.stringify({ language: "zh" }))`);
  await page.logIn(shown);
  for (const [name, visit] of placesOf()) {
    await visit(page);
    await openFolds(page);
    expect([name, await tooWide(page)]).toEqual([name, []]);
  }
});

pagesTest(
  "every page fits on a phone, and opened rows keep their form, whatever things are called",
  async (chromium) => {
    const [name, model] = ["n".repeat(64), `folio/${"m".repeat(200)}`];
    const provider = { type: "openai-compatible", base_url: `http://${"h".repeat(60)}.invalid/v1`, models: ["m"] };
    await using server = await testApp({
      config: {
        providers: { [name]: { ...provider, api_key: "k" } },
        agents: { [name]: { model, description: "d".repeat(300), workspace: `/srv/${"w".repeat(200)}` } },
        models: { fallbacks: [model] },
      },
    });
    const { client } = server;
    await client.call("auth.tokens.create", { name, scopes: ["read"] });
    await client.call("memory.store", { content: `Likes ${"f".repeat(3000)}`, subject: "s".repeat(200) });
    await client.call("cron.add", { schedule: { cron: "0 9 * * *" }, message: `Say ${"q".repeat(3000)}` });
    using page = await openPage(chromium, PHONE);
    await page.logIn(server);
    for (const [place, visit] of placesOf()) {
      await visit(page);
      const shut = await tooWide(page);
      await openFolds(page);
      const heights =
        "[...document.querySelectorAll('.entry > summary')].filter((one) => one.offsetHeight > 120).length";
      expect([place, shut, await tooWide(page), await page.evaluate<number>(heights)]).toEqual([place, [], [], 0]);
    }
  },
);

async function wrongOfAll(page: Page, places: readonly (readonly [string, Visit])[]): Promise<readonly string[]> {
  await withoutMotion(page);
  const found: string[] = [];
  for (const [name, visit] of places) {
    await visit(page);
    found.push(...(await wrongOf(page, name)));
  }
  return [...found, ...page.complaints];
}

/** In both looks, with everything open. */
async function wrongOf(page: Page, name: string): Promise<readonly string[]> {
  await openFolds(page);
  const found: string[] = [];
  for (const theme of ["light", "dark"] as const) {
    await page.evaluate(
      `(document.documentElement.dataset.theme = "${theme}", new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))`,
    );
    // Of the colours alone there are two.
    found.push(...(await complaintsOf(page, "document", theme === "light" ? undefined : "color-contrast")));
  }
  return [...found, ...(await tooWide(page))].map((fault) => `${name}: ${fault}`);
}

/** So that a colour is what it will be as soon as it changes. */
async function withoutMotion(page: Page): Promise<void> {
  await page.view.cdp("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-reduced-motion", value: "reduce" }],
  });
}

/** What stands out of the page at the right, where nothing scrolls to it. */
function tooWide(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const wide = [...document.querySelectorAll("body *")].filter((one) => {
      if (one.getBoundingClientRect().right <= innerWidth + 1 || one.closest(".unseen")) return false;
      for (let around = one.parentElement; around; around = around.parentElement) {
        if (around !== document.documentElement && around !== document.body && getComputedStyle(around).overflowX !== "visible" && around.getBoundingClientRect().right <= innerWidth + 1) return false;
      }
      return true;
    });
    const names = wide.map((one) => "too wide: " + one.tagName.toLowerCase() + "." + one.className);
    // What scrolls up and down does not scroll sideways as well.
    const sideways = [...document.querySelectorAll(".settings, .scroller, .middle, .main")].filter((one) => one.scrollWidth > one.clientWidth + 1);
    return [...names, ...sideways.map((one) => "scrolls sideways: " + one.className)];
  })()`);
}
