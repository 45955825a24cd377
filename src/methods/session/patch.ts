import * as z from "zod";
import { session, sessionPatch } from "../../protocol/session.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { SessionLoad } from "../../session/wire.ts";
import { toWireSession } from "../../session/wire.ts";

export const sessionPatchMethod = defineMethod({
  name: "session.patch",
  summary: "Set a session's title, model, thinking level or tools; null goes back to the agent's own",
  scope: "chat",
  params: z.strictObject({ session_key: z.string(), ...sessionPatch.shape }),
  result: session,
  async handle(
    { sessions, queues }: { sessions: Pick<Sessions, "patch">; queues: SessionLoad },
    { session_key, ...patch },
  ) {
    return toWireSession(await sessions.patch(session_key, patch), queues);
  },
});
