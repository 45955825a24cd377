/** Somebody's web page with Aleph's widget on it, and what a visitor does there. */
import type { TestApp } from "../support/app.ts";
import type { Page } from "./page.ts";

export interface HostPageOptions {
  /** Attributes of the script tag; without `data-invite` the page carries none. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly csp?: string;
  /** In front of the script. */
  readonly body?: string;
  readonly lang?: string;
  /** Where it is called; `127.0.0.1` and `localhost` are two origins. */
  readonly host?: string;
}

export interface HostPage extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  /** What the page is from now on. */
  carry(server: Pick<TestApp, "url">, options: HostPageOptions): void;
}

/** Begins empty: an invite has to name its origin before the page can carry the invite. */
export function hostPage(host = "127.0.0.1"): HostPage {
  let html = "";
  let headers: Record<string, string> = {};
  const site = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch: ({ url }) =>
      new URL(url).pathname === "/" ? new Response(html, { headers }) : new Response("none", { status: 404 }),
  });
  return {
    origin: `http://${host}:${site.port}`,
    port: site.port!,
    carry(server, { attributes = {}, csp, body = "<h1>A shop</h1><p>Things are sold here.</p>", lang = "en" }) {
      const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
      html = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>${body}</main>
<script src="${server.url}/widget.js"${given.join("")} async></script></body></html>`;
      headers = {
        "content-type": "text/html;charset=utf-8",
        ...(csp === undefined ? {} : { "content-security-policy": csp }),
      };
    },
    [Symbol.asyncDispose]: () => site.stop(true),
  };
}

const ROOT = "document.querySelector('aleph-widget').shadowRoot";

/** An expression for an element of the widget. */
export const inWidget = (selector: string) => `${ROOT}.querySelector(${JSON.stringify(selector)})`;

/** An expression for all of them. */
export const allInWidget = (selector: string) => `[...${ROOT}.querySelectorAll(${JSON.stringify(selector)})]`;

/** With the mouse, at the middle of it. */
export async function clickInWidget(page: Page, selector: string): Promise<void> {
  const { x, y } = await page.until<{ x: number; y: number }>(
    `(() => {
    const found = ${inWidget(selector)};
    if (!found || found.disabled) return undefined;
    const { x, y, width, height } = found.getBoundingClientRect();
    return width > 0 && { x: x + width / 2, y: y + height / 2 };
  })()`,
    selector,
  );
  for (const type of ["mousePressed", "mouseReleased"]) {
    await page.view.cdp("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }
}

/** Opens the widget; resolves when it is connected or refused. */
export async function openWidget(page: Page): Promise<void> {
  await page.until("document.querySelector('aleph-widget')?.shadowRoot", "the widget");
  await clickInWidget(page, ".launch");
  await page.until(`["ready", "refused"].includes(${inWidget(".dialog")}.dataset.link)`, "the conversation");
}

export async function sayInWidget(page: Page, words: string): Promise<void> {
  await page.until(`${ROOT}.activeElement === ${inWidget(".input")} || (${inWidget(".input")}.focus(), false)`);
  await page.type(words);
  await page.press("Enter");
}

/** Resolves when the `count`th answer holds these words. */
export async function answeredInWidget(page: Page, words: string, count = 1): Promise<void> {
  await page.until(
    `[...${ROOT}.querySelectorAll('.answer')][${count - 1}]?.textContent.includes(${JSON.stringify(words)})`,
    `the answer "${words}"`,
  );
}

export function textInWidget(page: Page, selector: string): Promise<string> {
  return page.evaluate(`${inWidget(selector)}?.textContent ?? ""`);
}
