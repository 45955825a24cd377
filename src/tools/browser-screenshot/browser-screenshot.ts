/** Takes a picture of the page that is open. */
import * as z from "zod";
import type { Browsers } from "../../browser/browsers.ts";
import { outside } from "../../browser/page-call.ts";
import type { Media } from "../../media/media.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs {
  readonly browsers: Pick<Browsers, "use">;
  readonly media: Pick<Media, "put">;
}

export const browserScreenshot = defineTool({
  name: "browser_screenshot",
  description:
    "Takes a picture of the page that is open in the browser, for what its text does not tell; browser_snapshot is quicker and shows what can be acted upon.",
  params: z.strictObject({
    selector: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe("only this thing: a reference such as e12, or a CSS selector"),
    full_page: z.literal(true).optional().describe("also what can only be seen by scrolling"),
  }),
  parallel: false,
  prepare({ browsers, media }: Needs, { selector, full_page }, { sessionKey, signal }) {
    return {
      tier: "allow",
      reason: "Looks at the page that is open",
      plan: { ...(selector === undefined ? {} : { selector }), ...(full_page ? { full_page } : {}) },
      run: () =>
        browsers.use(sessionKey, signal, async (browser, ends) => {
          const tab = await browser.tab(ends);
          const { bytes, width, height } = await tab.screenshot(selector, full_page ?? false, ends);
          const part = await media.put(bytes, { mime: "image/jpeg", name: "page.jpg", sessionKey });
          const heading = await browser.describe(ends, { snapshot: false });
          return { ...outside(`${heading}\nPicture: ${width} x ${height}`), media: [part] };
        }),
    };
  },
});
