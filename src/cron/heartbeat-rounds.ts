/** When each agent's heartbeat is due: so long after its last one, and within its hours. */
import type { Store } from "../sdk/store.ts";
import type { Heartbeats } from "./heartbeat.ts";

export interface HeartbeatRoundsOptions {
  readonly table: () => { readonly every_ms: number; readonly agents: readonly string[] };
  readonly store: Store;
  /** Whether an agent has a file that says what to look after. */
  readonly hasNotes: (agent: string) => boolean;
  readonly heartbeats: () => Promise<Pick<Heartbeats, "isHour" | "beat">>;
  readonly now: () => number;
}

export class HeartbeatRounds {
  readonly #o: HeartbeatRoundsOptions;
  readonly #last = new Map<string, number>();

  constructor(options: HeartbeatRoundsOptions) {
    this.#o = options;
  }

  /** Resolves when those are over that are due. `began`: what an agent that had none waits from. */
  async look(began: number, signal: AbortSignal): Promise<void> {
    const { table, hasNotes, heartbeats, now } = this.#o;
    const { every_ms, agents } = table();
    if (every_ms === 0) return;
    for (const agent of agents) {
      const last = this.#last.get(agent) ?? this.#lastOnDisk(agent) ?? began;
      // A clock that was set back is not waited for.
      if (now() - last < every_ms && now() >= last) continue;
      const beats = hasNotes(agent) ? await heartbeats() : undefined;
      // One that is due at night comes in the morning: after the same time again it would be night again.
      if (beats && !beats.isHour()) continue;
      this.#last.set(agent, now());
      await beats?.beat(agent, signal);
    }
  }

  #lastOnDisk(agent: string): number | undefined {
    return (
      this.#o.store.db
        .query<{ at: number | null }, [string]>("SELECT max(due_at) AS at FROM cron_run WHERE job_id = ?")
        .get(`heartbeat:${agent}`)?.at ?? undefined
    );
  }
}
