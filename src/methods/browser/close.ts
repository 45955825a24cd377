import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserClose = defineMethod({
  name: "browser.close",
  summary: "End a session's browser",
  scope: "write",
  params: z.strictObject({
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { session_key }, { grant, signal }) {
    const call = { tool: "browser_tabs", args: { action: "close_all" }, sessionKey: session_key };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
