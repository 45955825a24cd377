/** Recordings of runs: made where they are wanted, and played again. */
import type { LoopDeps, LoopRun } from "../agent/loop.ts";
import type { OpenBus } from "../bus/bus.ts";
import { describeError, type Log } from "../lib/log.ts";
import type { Media } from "../media/media.ts";
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Runs } from "../session/runs.ts";
import type { Stores } from "../session/stores.ts";
import type { OpenStore } from "../store/store.ts";
import { readCassette, removeCassettes } from "./cassette.ts";
import { compareEvents } from "./compare.ts";
import { createMasking } from "./masking.ts";
import { recordRun } from "./recorder.ts";
import { type Replayed, replayRun } from "./replay.ts";

export interface CassettesOptions {
  /** The folder of logs. */
  readonly logs: string;
  /** Those that are known by their value. */
  readonly secrets: () => Promise<readonly string[]>;
  readonly stores: Stores;
  readonly runs: Pick<Runs, "get">;
  readonly bus: Pick<OpenBus, "ofRun">;
  readonly media: Pick<Media, "get">;
  readonly deps: Pick<LoopDeps, "toolbox" | "config" | "pluginPrompts" | "monotonic">;
  readonly openMemory: () => OpenStore;
  readonly log: Log;
}

export interface Difference {
  /** `request 2`, `event 7`, `text`. */
  readonly where: string;
  /** Dotted, empty for the whole. */
  readonly path: string;
  readonly recorded: unknown;
  readonly replayed: unknown;
}

export interface Replay extends Pick<Replayed, "status" | "text" | "events"> {
  /** Each thing that was not as recorded, the first of them first; empty when all was the same. */
  readonly differences: readonly Difference[];
  /** Whether the run's own events are still kept, so that they could be compared. */
  readonly compared_events: boolean;
}

const MOST_EVENTS = 100_000;

export class Cassettes {
  readonly #o: CassettesOptions;

  constructor(options: CassettesOptions) {
    this.#o = options;
  }

  /** What a run gets to run with, so that it is recorded. Of an ephemeral session nothing is. */
  async tape(deps: LoopDeps, loopRun: LoopRun): Promise<readonly [LoopDeps, LoopRun]> {
    if (isEphemeral(parseSessionKey(loopRun.session.key))) return [deps, loopRun];
    return recordRun({ logs: this.#o.logs, log: this.#o.log, secrets: this.#o.secrets }, deps, loopRun);
  }

  /** Throws `not_found` when there is no such run or no recording of it. */
  async replay(runId: string): Promise<Replay> {
    const { logs, runs, stores, bus, media, deps, openMemory, log } = this.#o;
    const run = runs.get(runId);
    const lines = readCassette(logs, runId);
    const masking = createMasking(await this.#o.secrets());
    const store = stores.of(run.sessionKey);
    const replayed = await replayRun({ run, lines, masking, store, openMemory, media, deps, log });
    const kept = bus.ofRun(runId, 0, MOST_EVENTS);
    const complete = kept.some(({ topic }) => topic === "agent.started");
    const differences = replayed.deviations.map(({ a, b, ...rest }) => ({ ...rest, recorded: a, replayed: b }));
    const text = masking.pieces([run.text ?? ""])[0]!;
    if (text !== masking.pieces([replayed.text])[0]) {
      differences.push({ where: "text", path: "", recorded: text, replayed: replayed.text });
    }
    if (run.status !== replayed.status) {
      differences.push({ where: "status", path: "", recorded: run.status, replayed: replayed.status });
    }
    const other = complete ? compareEvents(kept, replayed.events, masking) : undefined;
    if (other) {
      const { at, path, a, b } = other;
      differences.push({ where: `event ${at + 1}`, path, recorded: a, replayed: b });
    }
    const { status, events } = replayed;
    return { status, text: replayed.text, events, differences, compared_events: complete };
  }

  /** The session is gone, and so is what was recorded of it. */
  forget(sessionKey: string): void {
    try {
      removeCassettes(this.#o.logs, sessionKey);
    } catch (thrown) {
      this.#o.log.error("recordings of a deleted session could not be removed", describeError(thrown));
    }
  }
}
