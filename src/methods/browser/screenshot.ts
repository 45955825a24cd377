import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserScreenshot = defineMethod({
  name: "browser.screenshot",
  summary: "Take a picture of the page that a session has open",
  scope: "write",
  params: z.strictObject({
    selector: z.string().min(1).optional().describe("only this thing"),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { selector, session_key }, { grant, signal }) {
    const call = {
      tool: "browser_screenshot",
      args: selector === undefined ? {} : { selector },
      sessionKey: session_key,
    };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
