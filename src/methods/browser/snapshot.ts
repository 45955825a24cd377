import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserSnapshot = defineMethod({
  name: "browser.snapshot",
  summary: "Show the page that a session has open as text",
  scope: "write",
  params: z.strictObject({
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { session_key }, { grant, signal }) {
    const call = { tool: "browser_snapshot", args: {}, sessionKey: session_key };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
