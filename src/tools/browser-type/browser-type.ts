/** Types into the page that is open, and presses keys. */
import * as z from "zod";
import { KEY_NAMES } from "../../browser/element.ts";
import { type PageNeeds, prepareOnPage } from "../../browser/page-call.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineTool } from "../../sdk/tool.ts";

export const browserType = defineTool({
  name: "browser_type",
  description:
    "Puts text into a field of the page that is open in the browser, in place of what is there, or chooses an option of a list by its name; then presses a key if one is named. Shows what the page is then.",
  params: z.strictObject({
    selector: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe("a reference of browser_snapshot such as e12, or a CSS selector; needed for text"),
    text: z.string().max(100_000).optional(),
    press: z.enum(KEY_NAMES).optional().describe("afterwards, such as Enter to send a form"),
  }),
  parallel: false,
  prepare(needs: PageNeeds, { selector, text, press }, context) {
    if (text === undefined && press === undefined) {
      throw new AlephError("invalid_params", '"text" or "press" is needed');
    }
    if ((text === undefined) !== (selector === undefined)) {
      throw new AlephError("invalid_params", '"selector" and "text" go together');
    }
    return prepareOnPage(needs, context, {
      reason: "Types into a page, which can send it",
      plan: {
        ...(selector === undefined ? {} : { into: selector, text }),
        ...(press === undefined ? {} : { press }),
      },
      async act(tab, signal) {
        if (selector !== undefined && text !== undefined) await (await tab.find(selector, signal)).type(text);
        if (press !== undefined) await tab.press(press, signal);
        return undefined;
      },
    });
  },
});
