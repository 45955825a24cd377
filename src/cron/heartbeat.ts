/** The heartbeat: an agent looks after what its HEARTBEAT.md names, and is heard only when something matters. */
import { join } from "node:path";
import { describeError, type Log } from "../lib/log.ts";
import { openFile } from "../lib/open-file.ts";
import { AlephError } from "../protocol/errors.ts";
import { OWNER_GRANT } from "../protocol/identity.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";
import { readRunMessages } from "../session/messages.ts";
import type { StoredRun } from "../session/runs.ts";
import type { CronOptions } from "./cron.ts";
import type { Deliveries, Delivery } from "./delivery.ts";
import introduction from "./heartbeat.md" with { type: "text" };
import { changeRun, insertRun, pruneRuns } from "./records.ts";

export interface HeartbeatTable {
  readonly from: string;
  readonly until: string;
  readonly tz: string;
  readonly model?: string;
  readonly interface: string;
  readonly target: string;
}

export interface HeartbeatOptions {
  readonly stores: { of(sessionKey: string): Store; readonly durable: Store };
  readonly runner: CronOptions["runner"] & { wait(runId: string, signal: AbortSignal): Promise<StoredRun> };
  readonly sessions: { find(key: string): unknown; delete(key: string): Promise<void> };
  readonly deliveries: Pick<Deliveries, "prepare">;
  readonly table: () => HeartbeatTable;
  /** Rows that are kept of each agent. */
  readonly history: () => number;
  readonly workspace: (agent: string) => string;
  readonly isForeign: (agent: string) => boolean;
  readonly timeZone: () => string;
  readonly bus: Publisher;
  readonly log: Log;
  readonly now: () => number;
}

const FILE = "HEARTBEAT.md";
const MAX_BYTES = 32 * 1024;
const WORD = "HEARTBEAT_OK";

export class Heartbeats {
  readonly #o: HeartbeatOptions;

  constructor(options: HeartbeatOptions) {
    this.#o = options;
  }

  /** Whether it is one of the hours in which it may. Throws `RangeError` for a time zone that there is not. */
  isHour(): boolean {
    const { now, table, timeZone } = this.#o;
    const { from, until, tz } = table();
    return isBetween(now(), from, until, tz === "" ? timeZone() : tz);
  }

  /** Resolves when it is over; `false` where there was nothing to look after, or it is not the hour. Never rejects. */
  async beat(agent: string, signal: AbortSignal): Promise<boolean> {
    const { workspace, log } = this.#o;
    try {
      if (!this.isHour()) return false;
      const notes = await readNotes(join(workspace(agent), FILE));
      if (notes === undefined) return false;
      await this.#look(agent, notes, signal);
    } catch (thrown) {
      log.error("heartbeat failed", { agent, ...describeError(thrown) });
    }
    return true;
  }

  async #look(agent: string, notes: string, signal: AbortSignal): Promise<void> {
    const { stores, runner, sessions, bus, table, isForeign, now, log } = this.#o;
    const id = `heartbeat:${agent}`;
    const due = now();
    const sessionKey = buildSessionKey({ form: "ephemeral", agent, id: "heartbeat" });
    const row = stores.durable.writeRelaxed((db) =>
      insertRun(db, { job_id: id, due_at: due, cause: "schedule", status: "running" }),
    );
    if (row === undefined) return;
    const { model } = table();
    const params = {
      message: `${introduction.trim()}\n\n${notes}`,
      session_key: sessionKey,
      ...(model ? { model } : {}),
    };
    let run: StoredRun | undefined;
    let fault = "";
    try {
      // A file that a stranger may have written asks for nothing that the owner would have to allow.
      const origin = { untrusted: isForeign(agent), also: () => undefined };
      const { run_id } = await runner.start(params, OWNER_GRANT, undefined, origin);
      bus.publish("cron.started", { cron_id: id, due_at: due, run_id, session_key: sessionKey }, { sessionKey });
      run = await runner.wait(run_id, signal);
    } catch (thrown) {
      fault = AlephError.from(thrown).message;
      log.warn("heartbeat could not be completed", { agent, ...describeError(thrown) });
    }
    const text = run?.status === "completed" ? (run.text ?? "").trim() : "";
    const status = run?.status === "completed" ? "completed" : signal.aborted ? "interrupted" : "failed";
    const isSilent = status !== "completed" || isNothing(text);
    let delivery: Delivery | undefined;
    if (run && !isSilent) {
      const messages = readRunMessages(stores.of(sessionKey).db, run.id);
      const isTouched = messages.some(({ parts }) => parts.some((part) => "untrusted" in part && part.untrusted));
      try {
        delivery = await this.#deliver(agent, text, isTouched);
      } catch (thrown) {
        fault = AlephError.from(thrown).message;
        log.error("what a heartbeat found could not be delivered", { agent, ...describeError(thrown) });
      }
    }
    await stores.durable.write((db) => {
      const note = status === "completed" ? (isSilent ? "nothing" : text) : (run?.error?.message ?? fault);
      changeRun(db, row, "running", {
        status,
        ended_at: now(),
        note,
        delivery: delivery ? "done" : isSilent ? null : "failed",
        delivery_error: delivery || isSilent ? null : fault,
      });
      delivery?.put(db);
      pruneRuns(db, id, this.#o.history());
    });
    delivery?.announce();
    bus.publish("cron.ended", { cron_id: id, due_at: due, run_id: null, status });
    if (sessions.find(sessionKey)) await sessions.delete(sessionKey);
  }

  #deliver(agent: string, text: string, untrusted: boolean): Promise<Delivery> {
    const { interface: place, target } = this.#o.table();
    const to =
      place === ""
        ? { session_key: buildSessionKey({ form: "main", agent, name: "main" }) }
        : { interface: place, target };
    return this.#o.deliveries.prepare(to, { text, untrusted });
  }
}

/** The word alone, however it is dressed up; nothing at all says as much. */
function isNothing(text: string): boolean {
  return text.replace(/[^\p{L}\p{N}_]+/gu, "") === WORD || text === "";
}

/** Undefined where nothing is asked: no file, or only headings and comments. A link would bring in what is elsewhere. */
async function readNotes(path: string): Promise<string | undefined> {
  await using file = await openFile(path).catch(() => undefined);
  if (file === undefined) return undefined;
  const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
  const text = new TextDecoder().decode(buffer.subarray(0, bytesRead)).trim();
  const asks = text.replace(/<!--[\s\S]*?-->/g, "").split("\n");
  return asks.some((line) => !/^\s*(?:#.*|[-*+]?\s*)$/.test(line)) ? text : undefined;
}

/** By the clock on the wall there; from 22:00 until 06:00 goes over midnight, and the same twice is all day. */
function isBetween(now: number, from: string, until: string, timeZone: string): boolean {
  if (from === until) return true;
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(now);
  return from < until ? time >= from && time < until : time >= from || time < until;
}
