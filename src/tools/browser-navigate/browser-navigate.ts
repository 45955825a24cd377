/** Opens an address in the session's browser. */
import * as z from "zod";
import type { Browsers } from "../../browser/browsers.ts";
import { outside } from "../../browser/page-call.ts";
import { parsePageUrl } from "../../browser/reach.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs {
  readonly browsers: Pick<Browsers, "use">;
  readonly config: () => {
    readonly tools: { readonly browser: { readonly allow_hosts: readonly string[]; readonly timeout_ms: number } };
  };
}

export const browserNavigate = defineTool({
  name: "browser_navigate",
  description:
    "Opens a web page in a real browser that keeps its cookies for this session, and shows it as browser_snapshot does. For pages that need JavaScript, a login or clicks; to read a plain page web_fetch is quicker.",
  params: z.strictObject({
    url: z.string().min(1).max(8192).optional().describe("an http or https URL"),
    back: z.literal(true).optional().describe("instead of a URL: to the page before"),
    new_tab: z.literal(true).optional().describe("not in the tab that is open"),
  }),
  parallel: false,
  prepare({ browsers, config }: Needs, { url, back, new_tab }, { sessionKey, signal }) {
    const { browser } = config().tools;
    if ((url === undefined) === (back === undefined) || (back && new_tab)) {
      throw new AlephError("invalid_params", 'Either "url" or "back" is needed');
    }
    const target = url === undefined ? undefined : parsePageUrl(url, browser.allow_hosts);
    return {
      tier: "allow",
      reason: "Opens a page of the web",
      plan: { ...(target ? { url: target.href } : { back: true }), ...(new_tab ? { new_tab } : {}) },
      outward: true,
      ...(target ? { pattern: { site: target.origin, does: "open its pages" } } : {}),
      run: () =>
        browsers.use(sessionKey, signal, async (open, ends) => {
          if (new_tab) await open.openTab(ends);
          if (target) await open.navigate(target.href, ends);
          else await (await open.tab(ends)).goBack(browser.timeout_ms / 2, ends);
          return outside(await open.describe(ends, { snapshot: true }));
        }),
    };
  },
});
