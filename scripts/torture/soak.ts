/**
 * Hours of a day in minutes: the mixed load without a kill, and whether memory and descriptors grow under it.
 *
 * Memory is compared at rest. While the server works it also holds what nobody has collected yet, which goes up and down by tens of
 * MiB: a leak of a few would not be seen in it. What leaks is there at rest, too.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "../../test/support/executable.ts";
import { openRawSocket } from "../../test/support/raw-socket.ts";
import { fakeTelegram, TELEGRAM } from "../../test/support/telegram.ts";
import { until } from "../../test/support/until.ts";
import { Breaks } from "./breaks.ts";
import { LEDGER_CONFIG, Ledger } from "./ledger.ts";
import { type ProcessUse, useOf } from "./process.ts";
import { type Slope, slopeOf } from "./regression.ts";
import type { Rig } from "./rig.ts";
import type { Scenario } from "./scenario.ts";

const SAMPLE_MS = 2000;
/** Of the time: caches fill, code is compiled, the heap finds its size. */
const WARM_UP = 0.25;
const RUN_PAUSE_MS = 100;
const CHAT_PAUSE_MS = 500;
const LEDGER_PAUSE_MS = 150;
const VISIT_PAUSE_MS = 200;
const SESSIONS = 20;
const ANEW_PAUSE_MS = 30_000;
/** Between two rests. */
const WORK_MS = 100_000;
/** The last jobs come due in the first seconds; then a server that nobody talks to gives back what it had for its runs. */
const REST_MS = 30_000;
/** Shorter ones are all warm-up: their slope is told and not judged. */
const LEAST_SOAK_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
/** MiB an hour that are lost in the noise of any measurement. */
const LEAST_SLOPE = 6;
const MOST_DESCRIPTORS = 5;

export const soak: Scenario = {
  name: "soak",
  summary: "the mixed load for half an hour: no slope of memory beyond its noise, no growth of descriptors",
  obstacle: () => (process.platform === "linux" ? undefined : "memory is read from /proc"),
  async run(rig, size) {
    await using telegram = fakeTelegram();
    rig.furnish(`${LEDGER_CONFIG}\n${chatConfig(telegram.url)}`);
    const isLong = size.soakMs >= LEAST_SOAK_MS;
    rig.provider.answer(() => ["It ", { wait: Bun.sleep(rig.random() * 40) }, "is ", "done."]);
    const ledger = new Ledger(rig.random);
    await using server = await rig.start();
    await ledger.prepare(server, rig.home);
    const over = new AbortController();
    const breaks = new Breaks();
    const load: Load = { over: over.signal, breaks, counts: { runs: 0, chats: 0, visits: 0 } };
    const loads = [
      ledger.work(server, LEDGER_PAUSE_MS, over.signal, breaks),
      converse(rig, server, load),
      chat(telegram, load),
      visit(server, load),
      beginAnew(server, load),
    ];
    const samples: Use[] = [];
    const rests: Use[] = [];
    const began = performance.now();
    const look = (): Use => ({ at: (performance.now() - began) / HOUR_MS, ...useOf(server.pid) });
    while (performance.now() - began < size.soakMs) {
      const end = Math.min(performance.now() + WORK_MS, began + size.soakMs);
      while (performance.now() < end) {
        await Bun.sleep(SAMPLE_MS);
        samples.push(look());
      }
      if (!isLong) break;
      breaks.begin();
      await Bun.sleep(REST_MS);
      rests.push(look());
      breaks.end();
      console.error(`  at rest ${rests.at(-1)!.rssMib} MiB, ${rests.at(-1)!.descriptors} descriptors`);
    }
    over.abort();
    await Promise.all(loads).catch((error) => rig.problem(`the load ended early: ${error}`));
    await until(() => telegram.messages.length >= load.counts.chats, 30_000).catch(() =>
      rig.problem(`${telegram.messages.length} of ${load.counts.chats} messages of the chat were answered`),
    );
    const { cpuSeconds } = useOf(server.pid);
    await rig.stop(server);
    rig.checkDatabase("after the soak");
    ledger.compare(rig.home);
    rig.problems.push(...ledger.problems);
    const [warm, rested] = [afterWarmUp(samples), afterWarmUp(rests)];
    const underLoad = slopeOf(warm.map(pointOf));
    // What is shorter is told and not judged: all of it is warm-up.
    const atRest = isLong ? slopeOf(rested.map(pointOf)) : undefined;
    if (atRest && atRest.slope - atRest.margin > LEAST_SLOPE)
      rig.problem(`memory at rest grows by ${atRest.slope} MiB an hour`);
    const quarter = Math.max(1, warm.length >> 2);
    const open = { first: highest(warm.slice(0, quarter)), last: highest(warm.slice(-quarter)) };
    if (open.last > open.first + MOST_DESCRIPTORS) rig.problem(`descriptors went from ${open.first} to ${open.last}`);
    return {
      minutes: round(size.soakMs / 60_000),
      samples: samples.length,
      rss_first_mib: warm[0]?.rssMib ?? 0,
      rss_last_mib: warm.at(-1)?.rssMib ?? 0,
      rss_peak_mib: Math.max(...samples.map(({ rssMib }) => rssMib)),
      slope_under_load: told(underLoad),
      slope_at_rest: atRest ? told(atRest) : "not judged",
      at_rest_mib: rests.map(({ rssMib }) => Math.round(rssMib)).join(" "),
      descriptors_first_quarter: open.first,
      descriptors_last_quarter: open.last,
      cpu_seconds: round(cpuSeconds),
      database_mib: round(statSync(join(rig.home, "aleph.db")).size / 1024 / 1024),
      ...load.counts,
      ...ledger.counts,
    };
  },
};

function chatConfig(url: string): string {
  return `
[interfaces.telegram]
token = "${TELEGRAM.token}"
api_root = "${url}"
allow_from = ["${TELEGRAM.owner.id}"]
dm_scope = "per_channel_peer"
`;
}

/** `at`: hours since the beginning. */
type Use = ProcessUse & { readonly at: number };

interface Load {
  readonly over: AbortSignal;
  readonly breaks: Breaks;
  readonly counts: { runs: number; chats: number; visits: number };
}

/** Runs, one after the other, in conversations that are deleted when they have become long. */
async function converse(rig: Rig, server: Server, { over, breaks, counts }: Load): Promise<void> {
  using socket = await openRawSocket(server.url, server.token);
  await socket.call("events.subscribe", { pattern: "**" });
  while (!over.aborted) {
    await breaks.over;
    const session_key = `agent:main:chat:soak-${counts.runs % SESSIONS}`;
    const run = await socket.call<{ status: string }>("session.send", { message: "Do it", session_key });
    if (run.status !== "completed") rig.problem(`a run is ${JSON.stringify(run)}`);
    await socket.call("session.history", { session_key, limit: 50 });
    if (++counts.runs % (SESSIONS * 10) < SESSIONS) await socket.call("session.delete", { session_key });
    await Bun.sleep(RUN_PAUSE_MS * rig.random());
  }
}

async function chat(telegram: ReturnType<typeof fakeTelegram>, { over, breaks, counts }: Load): Promise<void> {
  while (!over.aborted) {
    await breaks.over;
    telegram.say(`How is it, for the ${++counts.chats}th time?`);
    await Bun.sleep(CHAT_PAUSE_MS);
  }
}

/**
 * Now and then the model forgets what was said, also in the chat and the conversation of the webhook: of two that grow for half
 * an hour each run would hold more than the one before, and a slope of memory would show only that.
 */
async function beginAnew(server: Server, { over, breaks }: Load): Promise<void> {
  using socket = await openRawSocket(server.url, server.token);
  while (!over.aborted) {
    await breaks.over;
    const { sessions } = await socket.call<{ sessions: { session_key: string }[] }>("session.list", { limit: 100 });
    // One may be deleted meanwhile.
    for (const { session_key } of sessions) await socket.call("session.clear", { session_key }).catch(() => undefined);
    await sleep(ANEW_PAUSE_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Clients that come, look and go, over every door. */
async function visit(server: Server, { over, breaks, counts }: Load): Promise<void> {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  while (!over.aborted) {
    await breaks.over;
    {
      using socket = await openRawSocket(server.url, server.token);
      await Promise.all([socket.call("session.list"), socket.call("system.status"), socket.call("cron.list")]);
    }
    const body = JSON.stringify({ model: "fake/test-model", messages: [{ role: "user", content: "hi" }] });
    await (await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers, body })).text();
    for (const path of ["/metrics", "/", "/health"]) await (await fetch(server.url + path, { headers })).text();
    counts.visits += 1;
    await Bun.sleep(VISIT_PAUSE_MS);
  }
}

function afterWarmUp(uses: readonly Use[]): readonly Use[] {
  return uses.slice(Math.floor(uses.length * WARM_UP));
}

function pointOf({ at, rssMib }: Use): readonly [hours: number, mib: number] {
  return [at, rssMib];
}

function told({ slope, margin }: Slope): string {
  return `${round(slope)} ± ${round(margin)} MiB an hour`;
}

function highest(samples: readonly { readonly descriptors: number }[]): number {
  return Math.max(...samples.map(({ descriptors }) => descriptors));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
