import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserEvaluate = defineMethod({
  name: "browser.evaluate",
  summary: "Run JavaScript in the page that a session has open",
  scope: "write",
  params: z.strictObject({
    script: z.string().min(1),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { script, session_key }, { grant, signal }) {
    const call = { tool: "browser_evaluate", args: { script }, sessionKey: session_key };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
