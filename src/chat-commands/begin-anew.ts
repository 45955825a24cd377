/** Begins a conversation anew: the model forgets it, and the history stays readable. */
import type { Sessions } from "../session/sessions.ts";
import { type StopNeeds, stopRuns } from "./stop-runs.ts";

export interface BeginAnewNeeds extends StopNeeds {
  readonly sessions: Pick<Sessions, "clear" | "patch">;
}

export async function beginAnew(needs: BeginAnewNeeds, sessionKey: string): Promise<void> {
  // What a run that goes on would still say belongs to what is over.
  await stopRuns(needs, sessionKey);
  await needs.sessions.clear(sessionKey);
}
