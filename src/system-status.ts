/** What `system.status` says of a server, gathered from its parts. */
import type { Runner } from "./agent/runner.ts";
import type { startStallMonitor } from "./lib/stall-monitor.ts";
import type { SystemStatus } from "./methods/system/status.ts";
import type { Issue } from "./protocol/errors.ts";
import type { Bus } from "./sdk/bus.ts";
import type { Store } from "./sdk/store.ts";

export interface StatusParts {
  readonly runner: Pick<Runner, "queues">;
  readonly bus: Pick<Bus, "seq">;
  readonly store: Pick<Store, "failure">;
  readonly stalls: Pick<ReturnType<typeof startStallMonitor>, "longestMs" | "stalls">;
  readonly configIssues: readonly Issue[];
  readonly gateway: { readonly connections: number };
  readonly uptimeMs: number;
}

export function systemStatus({
  runner,
  bus,
  store,
  stalls,
  configIssues,
  gateway,
  uptimeMs,
}: StatusParts): SystemStatus {
  const queues = runner.queues();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    uptime_ms: Math.round(uptimeMs),
    connections: gateway.connections,
    runs_active: queues.filter(({ active }) => active !== null).length,
    runs_queued: queues.reduce((sum, { queued }) => sum + queued.length, 0),
    seq: bus.seq,
    memory: { rss, heap_used: heapUsed },
    storage: { ok: !store.failure, ...(store.failure ? { error: store.failure.message } : {}) },
    config: { ok: configIssues.length === 0, issues: configIssues.map((issue) => ({ ...issue })) },
    event_loop: { longest_stall_ms: Math.round(stalls.longestMs), stalls: stalls.stalls },
  };
}

/** Tells every `everyMs` that the server lives; `before` is done first. Does not keep the process alive. */
export function startTicks(
  everyMs: number,
  { bus, status, before }: { readonly bus: Bus; readonly status: () => SystemStatus; readonly before: () => void },
): Disposable {
  const tick = setInterval(() => {
    before();
    let told: SystemStatus;
    try {
      told = status();
    } catch {
      // Without a free file descriptor the system tells nothing; what listens hears of the next tick.
      return;
    }
    const { uptime_ms, connections, runs_active } = told;
    bus.publish("system.tick", { uptime_ms, connections, runs: runs_active, state_version: bus.seq });
  }, everyMs);
  tick.unref();
  return { [Symbol.dispose]: () => clearInterval(tick) };
}

/** After the start, and after runs: garbage; what timers hold for some seconds; what they hold for a minute. */
const TIDY_AFTER_MS = [2000, 15_000, 75_000];
const ENDED = /^agent\.(?:completed|error|cancelled|interrupted)$/;

export interface TidyingOptions {
  readonly bus: Pick<Bus, "attach">;
  readonly runner: Pick<Runner, "queues">;
  readonly gateway: { readonly isQuiet: boolean };
  readonly tidy: () => void;
  readonly afterMs?: readonly number[];
}

/**
 * Has what the start and what runs needed given back: a server that nobody talks to collects no garbage by itself. Not while runs
 * end one after the other, and while somebody waits for an answer it waits, too.
 */
export function startTidying({ bus, runner, gateway, tidy, afterMs = TIDY_AFTER_MS }: TidyingOptions): Disposable {
  let round = 0;
  let timer: Timer | undefined;
  const isQuiet = () => gateway.isQuiet && runner.queues().every(({ active }) => active === null);
  const plan = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (isQuiet()) {
        tidy();
        round++;
      }
      if (round < afterMs.length) plan();
    }, afterMs[round]);
    timer.unref();
  };
  plan();
  const attached = bus.attach({
    deliver({ event: { topic } }) {
      if (!ENDED.test(topic)) return;
      round = 0;
      plan();
    },
  });
  return {
    [Symbol.dispose]() {
      attached[Symbol.dispose]();
      clearTimeout(timer);
    },
  };
}

/** So many times what the server takes after its start, and compiled code is let go with the rest. */
const GREW = 2;

/**
 * Gives back garbage and what databases keep of their files; after a burst also what was compiled for it, which the next call
 * has to have compiled again. Nothing else is done meanwhile: milliseconds, or a tenth of a second.
 */
export function createTidy(
  stores: () => readonly Pick<Store, "db">[],
  {
    rss = process.memoryUsage.rss,
    shrink = Bun.shrink,
  }: { readonly rss?: () => number; readonly shrink?: () => void } = {},
): () => void {
  let usual: number | undefined;
  return () => {
    for (const store of stores()) store.db.run("PRAGMA shrink_memory");
    Bun.gc(true);
    try {
      usual ??= rss();
      if (rss() <= usual * GREW) return;
    } catch {
      // Without a free file descriptor nobody can tell; the next time will do.
      return;
    }
    shrink();
    Bun.gc(true);
  };
}
