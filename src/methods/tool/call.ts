import * as z from "zod";
import { callByHand, type HandNeeds } from "../../agent/call-by-hand.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { toolOutcome } from "../../protocol/tool-outcome.ts";
import { defineMethod } from "../../sdk/method.ts";

export const toolCall = defineMethod({
  name: "tool.call",
  summary: "Invoke a tool directly, through the same gate as in a run",
  scope: "write",
  params: z.strictObject({
    tool: z.string(),
    args: z.record(z.string(), z.unknown()).default({}),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: toolOutcome,
  handle(needs: HandNeeds, { tool, args, session_key }, { grant, signal }) {
    return callByHand(needs, { tool, args, sessionKey: session_key }, { grant: grant!, signal });
  },
});
