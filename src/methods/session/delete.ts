import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import { endSession, type SessionEnd } from "../../session/end-session.ts";
import type { Sessions } from "../../session/sessions.ts";

export const sessionDelete = defineMethod({
  name: "session.delete",
  summary: "Delete a session with its history and files; a run that is under way is aborted first",
  scope: "write",
  params: z.strictObject({ session_key: z.string() }),
  result: z.object({ session_key: z.string() }),
  async handle({ sessions, runner }: SessionEnd & { sessions: Pick<Sessions, "get"> }, { session_key }) {
    const { key } = sessions.get(session_key);
    await endSession({ runner, sessions }, key);
    return { session_key: key };
  },
});
