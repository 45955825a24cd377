/** The tabs of the session's browser. */
import * as z from "zod";
import type { Browser } from "../../browser/browser.ts";
import type { Browsers } from "../../browser/browsers.ts";
import { outside } from "../../browser/page-call.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs {
  readonly browsers: Pick<Browsers, "use" | "end">;
}

export const browserTabs = defineTool({
  name: "browser_tabs",
  description:
    "Lists the tabs of the browser, goes to another, opens or closes one. Closing all ends the browser, and its cookies and logins with it.",
  params: z.strictObject({
    action: z.enum(["list", "open", "select", "close", "close_all"]),
    tab: z
      .string()
      .min(1)
      .max(20)
      .optional()
      .describe("such as t2; needed for select; for close the one that is open if left out"),
  }),
  parallel: false,
  prepare({ browsers }: Needs, { action, tab }, { sessionKey, signal }) {
    if (action === "select" && tab === undefined)
      throw new AlephError("invalid_params", '"tab" is needed for "select"');
    return {
      tier: "allow",
      reason: "Changes which tabs are open",
      plan: { action, ...(tab === undefined ? {} : { tab }) },
      async run() {
        if (action === "close_all") {
          const wasOpen = await browsers.end(sessionKey);
          return { ok: true, text: wasOpen ? "The browser has ended" : "No browser was open" };
        }
        return browsers.use(sessionKey, signal, async (browser, ends) => {
          if (action === "open") await browser.openTab(ends);
          if (action === "select" && tab !== undefined) await browser.select(tab, ends);
          if (action === "close")
            await browser.close(tab === undefined ? await browser.tab(ends) : browser.find(tab), ends);
          return outside(await listed(browser, ends));
        });
      },
    };
  },
});

async function listed(browser: Browser, signal: AbortSignal): Promise<string> {
  const lines = browser.tabs.map(
    (tab) => `${tab.id}${tab === browser.current ? " (open)" : ""}: ${tab.url.slice(0, 500)}`,
  );
  const heading = browser.tabs.length === 0 ? "" : await browser.describe(signal, { snapshot: false });
  return [lines.length === 0 ? "There are no tabs" : lines.join("\n"), heading]
    .filter((part) => part !== "")
    .join("\n\n");
}
