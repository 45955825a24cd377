/** A page in a real Chromium: where it is, how it is driven, how a test waits for what it shows. */
import { test } from "bun:test";
import { existsSync } from "node:fs";

/** A test that needs a browser: skipped where there is none, failed where one is required. */
export function browserTest(name: string, run: (chromium: string) => Promise<void>, timeoutMs = LONG_MS): void {
  const chromium = findChromium();
  if (chromium) test(name, () => run(chromium), timeoutMs);
  else if (process.env.ALEPH_REQUIRE_BROWSER === "1") {
    test(name, () => {
      throw new Error("No Chromium found, and ALEPH_REQUIRE_BROWSER is 1: install it (Debian: chromium)");
    });
  } else test.skip(name, () => undefined);
}

const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb",
  // A headless Chromium has no mouse unless it is told so.
  "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
];
const WAIT_MS = 20_000;
/** The first test of a process starts the browser. */
const LONG_MS = 60_000;

export function findChromium(): string | undefined {
  const onPath = ["chromium", "chromium-browser", "google-chrome"].map((name) => Bun.which(name) ?? "");
  return [...PATHS, ...onPath].find((path) => path !== "" && existsSync(path));
}

export interface Page extends Disposable {
  readonly view: Bun.WebView;
  /** Errors and warnings that the page wrote to its console, with what the browser itself refused. */
  readonly complaints: readonly string[];
  open(url: string): Promise<void>;
  evaluate<T>(expression: string): Promise<T>;
  /** Resolves with the first value that is not null, false or undefined; throws when none comes. */
  until<T>(expression: string, what?: string): Promise<NonNullable<T>>;
  click(selector: string): Promise<void>;
  /** Into whatever has the focus, as one input. */
  type(text: string): Promise<void>;
  press(key: string, modifiers?: readonly Bun.WebView.Modifier[]): Promise<void>;
  /** The size of what is seen, as a mouse or as fingers see it. */
  resize(shape: Shape): Promise<void>;
  /** Through the login page, to the panel. */
  logIn(server: { readonly url: string; readonly token: string }): Promise<void>;
  /** Resolves when nothing has changed on the page for a moment. */
  settled(): Promise<void>;
  screenshot(path: string): Promise<void>;
}

export interface Shape {
  readonly width: number;
  readonly height: number;
  readonly touch?: boolean;
}

export async function openPage(chromium: string, shape: Shape = { width: 1280, height: 800 }): Promise<Page> {
  const complaints: string[] = [];
  const view = new Bun.WebView({
    width: shape.width,
    height: shape.height,
    backend: { type: "chrome", path: chromium, argv: FLAGS },
    console: (type, ...values) => {
      if (type === "error" || type === "warn" || type === "warning") complaints.push(values.map(describe).join(" "));
    },
  });
  const listen = <T>(name: `${string}.${string}`, handle: (data: T) => void) =>
    view.addEventListener(name, (event: Event) => handle((event as unknown as { data: T }).data));
  await view.navigate("about:blank");
  listen<{ entry: { level: string; text: string } }>("Log.entryAdded", ({ entry }) => {
    if (entry.level === "error") complaints.push(entry.text);
  });
  listen<{ exceptionDetails: { text: string; exception?: { description?: string } } }>(
    "Runtime.exceptionThrown",
    ({ exceptionDetails: { exception, text } }) => complaints.push(exception?.description ?? text),
  );
  await view.cdp("Log.enable");
  await view.cdp("Runtime.enable");

  await view.cdp("Page.enable");
  const evaluate = <T>(expression: string) => view.evaluate<T>(expression);
  /** With what the page shows, and what lies where `selector` is. */
  const failed = async (what: string, selector = "body") => {
    const told = await evaluate<string>(`(() => {
      const box = document.querySelector(${JSON.stringify(selector)})?.getBoundingClientRect();
      const top = box && document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      const place = [location.href, document.readyState, document.visibilityState, JSON.stringify(box), top?.outerHTML.slice(0, 200)];
      return place.join(" ") + "\\n" + document.body.innerText.slice(0, 2000);
    })()`).catch(String);
    return new Error(`${what}; the page shows:\n${told}\n${complaints.join("\n")}`);
  };
  const page: Page = {
    view,
    complaints,
    async open(url) {
      await view.navigate(url).catch((error: unknown) => {
        // The page that was opened has gone on to another one already.
        if (!String(error).includes("navigated")) throw error;
      });
    },
    evaluate,
    async until<T>(expression: string, what = expression) {
      const end = performance.now() + WAIT_MS;
      for (;;) {
        const value = await evaluate<T>(expression).catch((error: unknown) => {
          // The page is on its way to another address.
          if (performance.now() >= end) throw error;
          return undefined;
        });
        if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
        if (performance.now() >= end) throw await failed(`Waited in vain for ${what}`);
        await evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve(1)))").catch(() => undefined);
      }
    },
    async click(selector) {
      try {
        await view.click(selector, { timeout: WAIT_MS });
      } catch (error) {
        throw await failed(String(error), selector);
      }
    },
    type: (text) => view.type(text),
    press: (key, modifiers = []) => view.press(key, { modifiers: [...modifiers] }),
    async resize({ width, height, touch = false }) {
      await view.cdp("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: touch });
      await view.cdp("Emulation.setTouchEmulationEnabled", { enabled: touch });
    },
    async logIn({ url, token }) {
      if (!(await evaluate<string>("location.href")).startsWith(`${url}/login`)) await page.open(`${url}/login`);
      await page.click("#token");
      await evaluate("document.querySelector('#token').value = ''");
      await page.type(token);
      await page.press("Enter");
      await page.until("document.querySelector('[data-link=connected] .composer')", "the panel");
    },
    async settled() {
      await evaluate(`new Promise((resolve) => {
        const quiet = () => { observer.disconnect(); requestAnimationFrame(() => resolve(1)); };
        let timer = setTimeout(quiet, 250);
        const observer = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(quiet, 250); });
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      })`);
    },
    async screenshot(path) {
      await Bun.write(path, await view.screenshot({ encoding: "buffer" }));
    },
    [Symbol.dispose]: () => view.close(),
  };
  await page.resize(shape);
  return page;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null && "description" in value) return String(value.description);
  return String(value);
}
