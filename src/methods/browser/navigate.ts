import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const browserNavigate = defineMethod({
  name: "browser.navigate",
  summary: "Open an address in a session's browser",
  scope: "write",
  params: z.strictObject({
    url: z.string().min(1),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { url, session_key }, { grant, signal }) {
    const call = { tool: "browser_navigate", args: { url }, sessionKey: session_key };
    return callByHand(needs, call, { grant: grant!, signal });
  },
});
