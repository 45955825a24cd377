/** Ends what runs and waits in a conversation, for the commands that do so. */
import type { Runner } from "../agent/runner.ts";

export interface StopNeeds {
  readonly runner: Pick<Runner, "of" | "stop">;
}

/** Resolves with how many there were, when they have ended. What asks no model, as the command itself, is not among them. */
export async function stopRuns({ runner }: StopNeeds, sessionKey: string): Promise<number> {
  const { active, queued } = runner.of(sessionKey);
  // Those that wait go first: else the next of them would begin.
  const runs = active === null ? queued : [...queued, active];
  for (const runId of runs) await runner.stop(runId, "cancel");
  return runs.length;
}
