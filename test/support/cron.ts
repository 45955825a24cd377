/** Schedules by a clock of the test's own, over a real database; runs are rows there that the test ends. */
import { Cron, type CronOptions } from "../../src/cron/cron.ts";
import { Deliveries } from "../../src/cron/delivery.ts";
import type { CronDeliver, CronSchedule } from "../../src/protocol/cron.ts";
import { AlephError, type Reason } from "../../src/protocol/errors.ts";
import type { EventFrame } from "../../src/protocol/event-frame.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { StoredRun } from "../../src/session/runs.ts";
import { openStore } from "../../src/store/store.ts";
import { testLog } from "./log.ts";
import { until } from "./until.ts";

export const HOUR = 3_600_000;

interface TestTimer {
  readonly at: number;
  readonly call: () => void;
}

export interface TestRun {
  readonly id: string;
  readonly job: string;
  readonly due: number;
  readonly started: number;
  readonly message: string;
  readonly untrusted: boolean;
}

/** Where the process ends: before the run is on disk, or right after. */
export type Crash = "before" | "after";

export async function testCron({
  start = Date.UTC(2026, 0, 1),
  table = {},
}: {
  start?: number;
  table?: Partial<ReturnType<CronOptions["table"]>>;
} = {}) {
  await using stack = new AsyncDisposableStack();
  const { log, entries } = testLog();
  const store = stack.use(openStore(":memory:", { log }));
  store.db.run("CREATE TABLE test_run (id TEXT PRIMARY KEY, status TEXT, text TEXT, error TEXT)");
  let wall = start;
  let elapsed = 0;
  let timers: TestTimer[] = [];
  let crash: Crash | undefined;
  let refusal: Reason | undefined;
  let began = 0;
  const runs: TestRun[] = [];
  const events: EventFrame[] = [];
  const posts: { channel: string; conversation: string; text: string }[] = [];
  const sent: { headers: Headers; body: string; url: string }[] = [];
  let answer: () => Response | Promise<Response> = () => new Response();
  let died = false;
  let kill = () => {};

  const find = (id: string): StoredRun | undefined => {
    const row = store.db
      .query<{ id: string; status: StoredRun["status"]; text: string; error: string | null }, [string]>(
        "SELECT * FROM test_run WHERE id = ?",
      )
      .get(id);
    if (!row) return undefined;
    const { status, text, error } = row;
    const endedAt = status === "running" ? null : wall;
    const failure = error === null ? null : { reason: error as Reason, message: `It was ${error}` };
    return {
      id,
      status,
      text,
      error: failure,
      endedAt,
      request: { grant: OWNER_GRANT, messageId: 0, resumed: 0 },
    } as StoredRun;
  };

  const remove = (timer: TestTimer) => {
    timers = timers.filter((each) => each !== timer);
  };

  function open(): Cron {
    let dead = false;
    died = false;
    kill = () => {
      dead = true;
    };
    const never = new Promise<never>(() => undefined);
    const cron = new Cron({
      store,
      runner: {
        async start(params, _grant, _credential, origin) {
          if (dead) return never;
          if (refusal) throw new AlephError(refusal, "Refused by the test", { data: { retry_after_ms: 1 } });
          const [, job = "", due = ""] = (params.idempotency_key ?? "").split(":");
          if (crash === "before") {
            dead = true;
            died = true;
            return never;
          }
          const id = `run_${++began}`;
          await store.write((db) => {
            db.query("INSERT INTO test_run (id, status, text) VALUES (?, 'running', '')").run(id);
            origin.also(db, id);
          });
          const { message } = params;
          runs.push({ id, job, due: Number(due), started: wall, message, untrusted: origin.untrusted === true });
          if (crash === "after") {
            dead = true;
            died = true;
            return never;
          }
          return { run_id: id };
        },
      },
      runs: { find },
      deliveries: new Deliveries({
        async poster(channel) {
          if (channel !== "chat") throw new AlephError("not_found", `No interface "${channel}"`);
          return {
            put: (_db, conversation, text) => void posts.push({ channel, conversation, text }),
            kick: () => undefined,
          };
        },
        rules: () => ["connect:https://hooks.example.com"],
        door: async () => ({
          async fetch({ url, headers, body }) {
            sent.push({
              url,
              headers: new Headers([...headers] as [string, string][]),
              body: new TextDecoder().decode(body),
            });
            return answer();
          },
          connect: () => Promise.reject(new Error("no sockets")),
        }),
        resolveSecret: async (value) => value.replace("env:HOOK", "secret"),
        bus,
        now: () => wall,
      }),
      table: () => ({
        enabled: true,
        max_jobs: 20,
        max_missed: 5,
        history: 1000,
        ...table,
        ...(dead ? { enabled: false } : {}),
      }),
      assertAgent(agent) {
        if (agent !== "main") throw new AlephError("not_found", `No agent "${agent}"`);
      },
      isForeign: () => false,
      timeZone: () => "UTC",
      bus,
      log,
      now: () => wall,
      random: () => 0.5,
      timer(ms, call) {
        const timer = { at: elapsed + ms, call: () => (dead ? undefined : call()) };
        timers.push(timer);
        return { [Symbol.dispose]: () => remove(timer) };
      },
    });
    return cron;
  }
  const bus = {
    publish(topic: EventFrame["topic"], data: EventFrame["data"]) {
      events.push({ topic, data, seq: 0, ts: wall } as EventFrame);
      return 0;
    },
  } as CronOptions["bus"];

  let cron = open();
  await cron.start();
  stack.defer(() => cron[Symbol.asyncDispose]());
  const owned = stack.move();
  return {
    store,
    runs,
    events,
    posts,
    sent,
    entries,
    get cron() {
      return cron;
    },
    get now() {
      return wall;
    },
    get timers() {
      return timers.length;
    },
    topics: () => events.map(({ topic }) => topic).filter((topic) => topic.startsWith("cron.")),
    add: (id: string, schedule: CronSchedule, more: { deliver?: CronDeliver } & Record<string, unknown> = {}) =>
      cron.add({ id, schedule, message: `do ${id}`, ...more }, OWNER_GRANT, "token:t").finally(() => cron.wake()),
    answerWith(make: typeof answer) {
      answer = make;
    },
    refuse(reason: Reason | undefined) {
      refusal = reason;
    },
    crashAt(where: Crash | undefined) {
      crash = where;
    },
    /** The wall clock is set; no time passes. */
    jump(ms: number) {
      wall += Math.round(ms);
    },
    /** Time passes, and timers go off in their order. */
    async advance(ms: number) {
      if (!crash) await cron.wake();
      const end = elapsed + Math.round(ms);
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers = timers.filter((each) => each !== next);
        wall += Math.max(0, next.at - elapsed);
        elapsed = Math.max(elapsed, next.at);
        next.call();
        // One that has died does not settle any more.
        if (!crash) await cron.wake();
        else await until(() => died || timers.length > 0);
      }
      wall += end - elapsed;
      elapsed = end;
    },
    async end(
      id: string,
      status: "completed" | "failed" | "cancelled" | "interrupted" = "completed",
      text = "done",
      error?: Reason,
    ) {
      store.db
        .query("UPDATE test_run SET status = ?, text = ?, error = ? WHERE id = ?")
        .run(status, text, error ?? null, id);
      cron.ended({ id });
      await until(
        () => store.db.query("SELECT 1 FROM cron_run WHERE status = 'running' AND run_id = ?").get(id) === null,
      );
      await cron.wake();
    },
    going: () =>
      store.db
        .query<{ id: string }, []>("SELECT id FROM test_run WHERE status = 'running'")
        .all()
        .map(({ id }) => id),
    /** The process is gone, and another one begins after `downMs`. */
    async restart(downMs = 0) {
      kill();
      timers = [];
      crash = undefined;
      wall += Math.round(downMs);
      elapsed += Math.round(downMs);
      cron = open();
      await cron.start();
    },
    rows: (job?: string) =>
      cron
        .history(job, 10_000)
        .toReversed()
        .map(
          ({ due_at, status, note }) =>
            `${new Date(due_at).toISOString().slice(5, 16).replace("T", " ")} ${status}${status === "skipped" ? ` ${note}` : ""}`,
        ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
