/** Shows the page that is open as text. */
import * as z from "zod";
import type { Browsers } from "../../browser/browsers.ts";
import { outside } from "../../browser/page-call.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs {
  readonly browsers: Pick<Browsers, "use">;
}

export const browserSnapshot = defineTool({
  name: "browser_snapshot",
  description:
    "Shows the page that is open in the browser as text: what a screen reader would say, with a reference such as [e12] at each thing that browser_click and browser_type can act upon.",
  params: z.strictObject({}),
  parallel: false,
  prepare({ browsers }: Needs, _, { sessionKey, signal }) {
    return {
      tier: "allow",
      reason: "Looks at the page that is open",
      plan: {},
      run: () =>
        browsers.use(sessionKey, signal, async (browser, ends) =>
          outside(await browser.describe(ends, { snapshot: true })),
        ),
    };
  },
});
