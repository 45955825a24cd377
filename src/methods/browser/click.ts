import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserClick = defineMethod({
  name: "browser.click",
  summary: "Click a thing on the page that a session has open",
  scope: "write",
  params: z.strictObject({
    selector: z.string().min(1).describe("a reference of browser.snapshot such as e12, or a CSS selector"),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { selector, session_key }, { grant, signal }) {
    const call = { tool: "browser_click", args: { selector }, sessionKey: session_key };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
