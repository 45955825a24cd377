/** The part of the composition root that runs schedules and heartbeats: nothing of it is loaded before there is one. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "./agent/runner.ts";
import { assertAgent } from "./agent/toolbox.ts";
import type { ChatParts } from "./chat-parts.ts";
import type { ConfigStore } from "./config/config.ts";
import type { Config } from "./config/schema.ts";
import type { Cron, CronOptions } from "./cron/cron.ts";
import type { HeartbeatOptions, Heartbeats } from "./cron/heartbeat.ts";
import { HeartbeatRounds } from "./cron/heartbeat-rounds.ts";
import { pauseJobsOf } from "./cron/records.ts";
import { createCronShelf } from "./cron/shelf.ts";
import { describeError } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { openDoor } from "./sandbox/open-door.ts";
import type { CronShelf } from "./sdk/cron.ts";
import type { Runs } from "./session/runs.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Stores } from "./session/stores.ts";

export interface CronPartsOptions extends Pick<CronOptions, "bus" | "log" | "now" | "timeZone"> {
  readonly stores: Stores;
  readonly runner: Runner;
  readonly runs: Runs;
  readonly sessions: Sessions;
  readonly chatParts: Pick<ChatParts, "poster">;
  readonly config: Pick<ConfigStore, "current" | "resolve">;
  /** With the agents of files. */
  readonly configWithAgents: () => Config;
  readonly fetch: typeof fetch;
  readonly workspace: (agent: string) => string;
  readonly isForeign: (workspace: string) => boolean;
  /** Whether this process is the server, to which schedules belong. */
  readonly listen: boolean;
}

/** So often it is looked whether a heartbeat is due. */
const LOOK_MS = 60_000;

export class CronParts implements AsyncDisposable {
  readonly #o: CronPartsOptions;
  readonly #stopped = new AbortController();
  readonly #stack = new AsyncDisposableStack();
  readonly #rounds: HeartbeatRounds;
  readonly #deliveries: () => Promise<CronOptions["deliveries"]>;
  readonly #heartbeats: () => Promise<Heartbeats>;
  #open: Cron | undefined;
  #beating: Promise<void> | undefined;
  readonly shelf: CronShelf;
  /** Loaded when it is first asked for, or has something to do at a start. */
  readonly cron: () => Promise<Cron>;

  constructor(options: CronPartsOptions) {
    this.#o = options;
    this.#deliveries = once(() => this.#loadDeliveries());
    this.cron = once(() => this.#load());
    this.shelf = createCronShelf({ cron: this.cron, store: options.stores.durable, runs: options.runs });
    this.#heartbeats = once(() => this.#loadHeartbeats());
    const { config, stores, workspace, now } = options;
    this.#rounds = new HeartbeatRounds({
      table: () => config.current.heartbeat,
      store: stores.durable,
      hasNotes: (agent) => existsSync(join(workspace(agent), "HEARTBEAT.md")),
      heartbeats: this.#heartbeats,
      now,
    });
  }

  /** When the runs of an earlier process have been taken up. */
  async start(): Promise<void> {
    const { runner, stores, now } = this.#o;
    this.#stack.use(
      runner.follow({
        stopping: () => undefined,
        stoppingSession: () => undefined,
        ended: (run) => this.#open?.ended(run),
      }),
    );
    const { db } = stores.durable;
    const began = now();
    const look = setInterval(() => this.#look(began), LOOK_MS);
    look.unref();
    this.#stack.defer(() => clearInterval(look));
    const row = db
      .query<{ jobs: number; rows: number }, []>(
        "SELECT EXISTS (SELECT 1 FROM cron_job) AS jobs, EXISTS (SELECT 1 FROM cron_run) AS rows",
      )
      .get();
    if (row?.jobs !== 1 && row?.rows !== 1) return;
    stores.durable.writeRelaxed((db) =>
      db
        .query(
          "UPDATE cron_run SET status = 'interrupted', ended_at = ? WHERE status = 'running' AND job_id GLOB 'heartbeat:*'",
        )
        .run(began),
    );
    const waiting = db
      .query<{ channel: string }, []>("SELECT DISTINCT channel FROM channel_outbox WHERE failure IS NULL")
      .all();
    for (const { channel } of waiting) await this.#kick(channel);
    if (row.jobs === 1) await this.cron();
  }

  /** What it let in makes no more runs. It may have been the owner's own: he is told which jobs that were. */
  revoked(credential: string): void {
    const { stores, now, log } = this.#o;
    const jobs = stores.durable.writeRelaxed((db) => pauseJobsOf(db, credential, now()));
    if (jobs.length === 0) return;
    const hint = "aleph cron resume ID lets one go on";
    log.warn("jobs are paused: what they were made with has ended", { jobs, hint });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#beating;
    await this.#stack.disposeAsync();
  }

  async #load(): Promise<Cron> {
    const { stores, runner, runs, config, configWithAgents, workspace, isForeign, listen } = this.#o;
    const [{ Cron }, deliveries] = await Promise.all([import("./cron/cron.ts"), this.#deliveries()]);
    const cron = new Cron({
      ...this.#o,
      store: stores.durable,
      runner,
      runs,
      deliveries,
      table: () => (listen ? config.current.cron : { ...config.current.cron, enabled: false }),
      assertAgent: (agent) => assertAgent(configWithAgents(), agent),
      isForeign: (agent) => isForeign(workspace(agent)),
      random: Math.random,
      timer(ms, call) {
        const timer = setTimeout(call, ms);
        timer.unref();
        return { [Symbol.dispose]: () => clearTimeout(timer) };
      },
    });
    this.#stack.use(cron);
    this.#open = cron;
    if (listen) await cron.start();
    return cron;
  }

  async #loadDeliveries(): Promise<CronOptions["deliveries"]> {
    const { Deliveries } = await import("./cron/delivery.ts");
    const { chatParts, config, fetch, log, bus, now } = this.#o;
    return new Deliveries({
      poster: (channel) => chatParts.poster(channel),
      rules: () => config.current.cron.webhooks,
      door: (rules) => openDoor({ rules, fetch, log, denied: "a webhook of a job would have gone where it may not" }),
      resolveSecret: (value) => config.resolve(value),
      bus,
      now,
    });
  }

  async #loadHeartbeats(): Promise<Heartbeats> {
    const [{ Heartbeats }, deliveries] = await Promise.all([import("./cron/heartbeat.ts"), this.#deliveries()]);
    const { config, workspace, isForeign, ...parts } = this.#o;
    const options: HeartbeatOptions = {
      ...parts,
      deliveries,
      table: () => config.current.heartbeat,
      history: () => config.current.cron.history,
      workspace,
      isForeign: (agent) => isForeign(workspace(agent)),
    };
    return new Heartbeats(options);
  }

  #look(began: number): void {
    if (this.#beating || this.#stopped.signal.aborted) return;
    this.#beating = this.#rounds
      .look(began, this.#stopped.signal)
      .catch((thrown: unknown) => this.#o.log.error("heartbeats could not be looked at", describeError(thrown)))
      .finally(() => {
        this.#beating = undefined;
      });
  }

  async #kick(channel: string): Promise<void> {
    try {
      (await this.#o.chatParts.poster(channel)).kick();
    } catch (thrown) {
      this.#o.log.debug("messages wait for an interface that there is not", {
        interface: channel,
        ...describeError(thrown),
      });
    }
  }
}
