/** Clicks something on the page that is open. */
import * as z from "zod";
import { type PageNeeds, prepareOnPage } from "../../browser/page-call.ts";
import { defineTool } from "../../sdk/tool.ts";

export const browserClick = defineTool({
  name: "browser_click",
  description: "Clicks a thing on the page that is open in the browser, and shows what the page is then.",
  params: z.strictObject({
    selector: z.string().min(1).max(2000).describe("a reference of browser_snapshot such as e12, or a CSS selector"),
    double: z.literal(true).optional().describe("twice"),
  }),
  parallel: false,
  prepare(needs: PageNeeds, { selector, double }, context) {
    return prepareOnPage(needs, context, {
      reason: "Clicks on a page, which can send what is on it",
      plan: { click: selector, ...(double ? { double } : {}) },
      always: "click on its pages",
      async act(tab, signal) {
        const element = await tab.find(selector, signal);
        await element.click(double ? 2 : 1);
        return undefined;
      },
    });
  },
});
