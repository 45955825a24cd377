import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserType = defineMethod({
  name: "browser.type",
  summary: "Type into a field of the page that a session has open",
  scope: "write",
  params: z.strictObject({
    selector: z.string().min(1).describe("a reference of browser.snapshot such as e12, or a CSS selector"),
    text: z.string(),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { selector, text, session_key }, { grant, signal }) {
    const call = { tool: "browser_type", args: { selector, text }, sessionKey: session_key };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
