/** Runs JavaScript in the page that is open. */
import * as z from "zod";
import { type PageNeeds, prepareOnPage } from "../../browser/page-call.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs extends PageNeeds {
  readonly config: () => { readonly tools: { readonly browser: { readonly timeout_ms: number } } };
}

export const browserEvaluate = defineTool({
  name: "browser_evaluate",
  description:
    "Runs JavaScript in the page that is open in the browser and gives the value of its last expression as JSON; a promise is waited for.",
  params: z.strictObject({ script: z.string().min(1).max(100_000) }),
  parallel: false,
  prepare(needs: Needs, { script }, context) {
    const { timeout_ms } = needs.config().tools.browser;
    return prepareOnPage(needs, context, {
      reason: "Runs a script in a page, which can send what it likes to anybody",
      plan: { script },
      act: async (tab, signal) => `Result: ${JSON.stringify(await tab.evaluate(script, timeout_ms / 2, signal))}`,
    });
  },
});
