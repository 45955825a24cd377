import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";

export const sessionDelete = defineMethod({
  name: "session.delete",
  summary: "Delete a session with its history; a run that is under way is aborted first",
  scope: "write",
  params: z.strictObject({ session_key: z.string() }),
  result: z.object({ session_key: z.string() }),
  async handle(
    { sessions, runner }: { sessions: Pick<Sessions, "get" | "delete">; runner: Pick<Runner, "stopSession"> },
    { session_key },
  ) {
    const { key } = sessions.get(session_key);
    await runner.stopSession(key);
    await sessions.delete(key);
    return { session_key: key };
  },
});
