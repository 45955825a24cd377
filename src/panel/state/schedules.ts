/** What is done by the clock: read when its page is opened, and again whenever something of it changed. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { WireCronJob, WireCronRun } from "../../protocol/cron.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export interface Schedules {
  /** The next one first; undefined until it is known. */
  readonly list: ReadonlySignal<readonly WireCronJob[] | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  renew(): Promise<void>;
  /** Rejects with the server's reason, as all below. */
  add(schedule: string, message: string): Promise<void>;
  run(id: string): Promise<void>;
  setEnabled(id: string, enabled: boolean): Promise<void>;
  remove(id: string): Promise<void>;
  /** What became of the last times, the newest first. */
  history(id: string): Promise<readonly WireCronRun[]>;
  handle(event: EventFrame): void;
}

const HISTORY = 10;

export function createSchedules(call: Call): Schedules {
  const { value, phase, load, renew } = createLoaded(() => call("cron.list", {}));
  return {
    list: computed(() => value.value?.jobs),
    phase,
    load,
    renew,
    async add(schedule, message) {
      await call("cron.add", { schedule: { cron: schedule }, message });
      await load();
    },
    async run(id) {
      await call("cron.run", { cron_id: id });
      await load();
    },
    async setEnabled(id, enabled) {
      await call("cron.update", { cron_id: id, enabled });
      await load();
    },
    async remove(id) {
      await call("cron.remove", { cron_id: id });
      await load();
    },
    history: async (id) => (await call("cron.history", { cron_id: id, limit: HISTORY })).runs,
    handle(event) {
      if (event.topic.startsWith("cron.")) void renew();
    },
  };
}
