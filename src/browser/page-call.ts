/** What the tools that act on a page have in common: which page was judged, and that it is still the one acted upon. */
import { AlephError } from "../protocol/errors.ts";
import type { Prepared, ToolContext, ToolResult } from "../sdk/tool.ts";
import type { Browser } from "./browser.ts";
import type { Browsers } from "./browsers.ts";
import type { Tab } from "./tab.ts";

export interface PageNeeds {
  readonly browsers: Pick<Browsers, "use" | "url">;
}

export interface PageCallOptions {
  readonly reason: string;
  /** What is done, besides where. */
  readonly plan: Readonly<Record<string, unknown>>;
  /** What is offered for good, besides the site; left out: exactly this call. */
  readonly always?: string;
  act(tab: Tab, signal: AbortSignal, browser: Browser): Promise<string | undefined>;
}

/** Part of the time for one step is for looking at what it led to. */
const PATIENCE_MS = 10_000;

/**
 * Acts on the page that is open: it can tell its server whatever was typed or said to it, so that it is outward. Throws
 * `conflict` when there is none.
 */
export function prepareOnPage(
  { browsers }: PageNeeds,
  { sessionKey, signal }: ToolContext,
  { reason, plan, always, act }: PageCallOptions,
): Prepared {
  const site = siteOf(browsers.url(sessionKey) ?? "about:blank");
  if (site === undefined) {
    throw new AlephError("conflict", "No page is open", { data: { hint: "browser_navigate opens one" } });
  }
  return {
    tier: "allow",
    reason,
    plan: { site, ...plan },
    outward: true,
    untrusted: true,
    ...(always === undefined ? {} : { pattern: { site, does: always } }),
    run: () =>
      browsers.use(sessionKey, signal, async (browser, ends) => {
        const tab = await browser.tab(ends);
        const now = siteOf(tab.url);
        if (now !== site) {
          throw new AlephError("conflict", `The page is one of ${now ?? "no site"} now, not of ${site} any more`, {
            data: { hint: "browser_snapshot shows it" },
          });
        }
        const said = await act(tab, ends, browser);
        await tab.settled(PATIENCE_MS, ends);
        const shown = await browser.describe(ends, { snapshot: said === undefined });
        return outside(said === undefined ? shown : `${shown}\n\n${said}`);
      }),
  };
}

/** Whoever wrote the page wrote this. */
export function outside(text: string): ToolResult {
  return { ok: true, text, untrusted: true };
}

/** Undefined for what belongs to no site: an empty page, an error. */
function siteOf(text: string): string | undefined {
  const origin = URL.parse(text)?.origin;
  return origin === undefined || origin === "null" ? undefined : origin;
}
