/** SIGKILL at random points under mixed load: people over RPC and over chats, jobs, webhooks, a plugin, changes of config. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { ChatSurvivor } from "../../test/support/chat-survivor.ts";
import type { Server } from "../../test/support/executable.ts";
import { openRawSocket } from "../../test/support/raw-socket.ts";
import { Survivor } from "../../test/support/survivor.ts";
import { startTalkativeProvider } from "../../test/support/talkative-provider.ts";
import { until } from "../../test/support/until.ts";
import { LEDGER_CONFIG, Ledger } from "./ledger.ts";
import type { Rig } from "./rig.ts";
import type { Facts, Scenario } from "./scenario.ts";

const SESSIONS = ["agent:rpc:main", "agent:rpc:chat:second"];
const PAUSE_MS = 15;
const LONGEST_LIFE_MS = 900;
/** The whole check reads everything; in between the quick one leaves out what the indexes say. */
const WHOLE_CHECK_EVERY = 10;
const EVERY_SECOND = "every-second";

export const kills: Scenario = {
  name: "kills",
  summary: "SIGKILL at random points under mixed load; nothing acknowledged is lost or doubled",
  async run(rig, size) {
    await using chat = new ChatSurvivor(rig.seed);
    await using talkative = startTalkativeProvider(rig.random);
    rig.furnish();
    await Bun.write(join(rig.home, "config.toml"), mixedConfig(chat.config, talkative.url), { mode: 0o600 });
    const survivor = new Survivor(SESSIONS, rig.random);
    const ledger = new Ledger(rig.random);
    {
      await using server = await rig.start();
      await ledger.prepare(server, rig.home);
      using socket = await openRawSocket(server.url, server.token);
      const schedule = { every_ms: 1000 };
      await socket.call("cron.add", { id: EVERY_SECOND, schedule, message: "again", missed: "once" });
    }
    let slowestStartMs = 0;
    let done = 0;
    for (let kill = 1; kill <= size.kills; kill++) {
      const began = performance.now();
      await using server = await rig.start();
      slowestStartMs = Math.max(slowestStartMs, performance.now() - began);
      ledger.compare(rig.home);
      lookForRuns(rig, survivor.runIds, `life ${kill}`);
      rig.checkDatabase(`life ${kill}`, kill % WHOLE_CHECK_EVERY !== 0);
      const fate = { longestMs: LONGEST_LIFE_MS, isPlanned: kill % 3 === 0 };
      await Promise.all([survivor.talk(server), ledger.work(server, PAUSE_MS), chat.outlive(server, fate)]);
      done = kill;
      // What is wrong stays wrong in each later life: the first sight of it says most.
      if (rig.problems.length + ledger.problems.length > 0) break;
      if (kill % 50 === 0) console.error(`  ${kill} kills`);
    }
    rig.problems.push(...ledger.problems.splice(0));
    await using server = await rig.start();
    await survivor.verify(server);
    await chat.verify(server);
    await settle(server);
    await rig.stop(server);
    rig.checkDatabase("at the end");
    ledger.compare(rig.home, { isOver: true });
    compareJobs(rig);
    rig.problems.push(...survivor.problems, ...chat.problems, ...ledger.problems);
    if (chat.counts.mostOfOneKill > 1) rig.problem(`one kill doubled ${chat.counts.mostOfOneKill} answers`);
    return facts(done, slowestStartMs, survivor, chat, ledger);
  },
};

function mixedConfig(chat: string, talkativeUrl: string): string {
  return [
    // Its default model is that of the chats.
    chat.replace('api_key = "fake"', 'api_key = "env:CANARY_API_KEY"'),
    "[providers.talkative]",
    'type = "openai-compatible"',
    `base_url = "${talkativeUrl}"`,
    'api_key = "env:CANARY_API_KEY"',
    'models = ["test-model"]',
    "[agents.rpc]",
    'model = "talkative/test-model"',
    "[memory.extract]",
    "enabled = false",
    "[limits.rate]",
    "read = 0",
    "write = 0",
    "run = 0",
    LEDGER_CONFIG,
  ].join("\n");
}

/** A run that was acknowledged before the kill is there right after it. */
function lookForRuns(rig: Rig, runIds: readonly string[], when: string): void {
  using db = new Database(join(rig.home, "aleph.db"), { readonly: true });
  const kept = new Set(
    db
      .query<{ id: string }, []>("SELECT id FROM run")
      .all()
      .map(({ id }) => id),
  );
  for (const id of runIds) if (!kept.has(id)) rig.problem(`${when}: run ${id} was acknowledged and is not there`);
}

/** Until every job has run, every service is up, and nothing is under way any more. */
async function settle(server: Server): Promise<void> {
  using socket = await openRawSocket(server.url, server.token);
  await socket.call("cron.update", { cron_id: EVERY_SECOND, enabled: false });
  await until(async () => {
    const { services } = await socket.call<{ services: { state: string }[] }>("services.list");
    return services.length === 1 && services[0]!.state === "running";
  }, 60_000);
  await until(async () => {
    const { jobs } = await socket.call<{ jobs: { next_run_at: number | null }[] }>("cron.list");
    const { runs_active, runs_queued } = await socket.call<{ runs_active: number; runs_queued: number }>(
      "system.status",
    );
    // A time that was claimed may wait for its run.
    const { runs } = await socket.call<{ runs: { status: string }[] }>("cron.history", { limit: 1000 });
    const isIdle = runs.every(({ status }) => status !== "waiting" && status !== "running");
    return isIdle && runs_active + runs_queued === 0 && jobs.every(({ next_run_at }) => next_run_at === null);
  }, 120_000);
}

/** Each due time is claimed once, and each claim has one run of its own. */
function compareJobs(rig: Rig): void {
  using db = new Database(join(rig.home, "aleph.db"), { readonly: true });
  const count = (sql: string) => db.query<{ n: number }, []>(`SELECT count(*) AS n FROM (${sql})`).get()?.n ?? 0;
  const wrong = {
    "due times were claimed twice": "SELECT 1 FROM cron_run GROUP BY job_id, due_at HAVING count(*) > 1",
    "runs stand for two claims": "SELECT 1 FROM cron_run WHERE run_id IS NOT NULL GROUP BY run_id HAVING count(*) > 1",
    "claims have no run": "SELECT 1 FROM cron_run WHERE status <> 'skipped' AND run_id IS NULL",
  };
  for (const [what, sql] of Object.entries(wrong)) {
    const times = count(sql);
    if (times > 0) rig.problem(`${times} ${what}`);
  }
}

function facts(count: number, slowest: number, survivor: Survivor, chat: ChatSurvivor, ledger: Ledger): Facts {
  const { acknowledged, completed, toolCalls, events } = survivor.counts;
  const { asked, answered, interrupted, duplicates } = chat.counts;
  return {
    kills: count,
    slowest_start_ms: Math.round(slowest),
    runs: acknowledged,
    runs_shown_completed: completed,
    tool_calls: toolCalls,
    events,
    chat_messages: asked,
    chat_answered: answered,
    chat_interrupted: interrupted,
    chat_sent_again: duplicates,
    ...ledger.counts,
  };
}
