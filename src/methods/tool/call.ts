import * as z from "zod";
import type { Toolbox } from "../../agent/toolbox.ts";
import { createId } from "../../lib/id.ts";
import { AlephError } from "../../protocol/errors.ts";
import { mediaPart } from "../../protocol/message.ts";
import { agentOf, canonicalSessionKey, MAIN_SESSION_KEY, parseSessionKey } from "../../protocol/session-key.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";

export const toolCall = defineMethod({
  name: "tool.call",
  summary: "Invoke a tool directly, through the same gate as in a run",
  scope: "write",
  params: z.strictObject({
    tool: z.string(),
    args: z.record(z.string(), z.unknown()).default({}),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: z.object({ ok: z.boolean(), result: z.string(), media: z.array(mediaPart).optional() }),
  async handle(
    { toolbox, sessions }: { toolbox: Pick<Toolbox, "call">; sessions: Pick<Sessions, "find"> },
    { tool, args, session_key },
    call,
  ) {
    const sessionKey = canonicalSessionKey(session_key);
    const outcome = await toolbox.call(
      { tool, args, callId: createId("call") },
      {
        agent: agentOf(parseSessionKey(sessionKey)),
        sessionKey,
        runId: null,
        grant: call.grant!,
        signal: call.signal,
        sessionTools: sessions.find(sessionKey)?.tools ?? null,
      },
    );
    if (outcome.status === "denied") throw new AlephError("approval_denied", outcome.text);
    return {
      ok: outcome.status === "ok",
      result: outcome.text,
      ...(outcome.media ? { media: [...outcome.media] } : {}),
    };
  },
});
