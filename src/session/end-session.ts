/** Ends a session: what it has under way, then itself. */
import type { Sessions } from "./sessions.ts";

/** What ends a session with all that it has under way; without a row of it only that. */
export interface SessionEnd {
  readonly runner: { stopSession(sessionKey: string): Promise<void> };
  readonly sessions: Pick<Sessions, "find" | "delete">;
}

export async function endSession({ runner, sessions }: SessionEnd, sessionKey: string): Promise<void> {
  await runner.stopSession(sessionKey);
  if (sessions.find(sessionKey)) await sessions.delete(sessionKey);
}
