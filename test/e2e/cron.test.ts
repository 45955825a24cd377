/** The executable is killed again and again while its schedules come due, and its disk is asked afterwards what was done how often. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { type Server, startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { seededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";

const KILLS = 15;
const LONGEST_LIFE_MS = 1500;
const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);

const open = ({ url, token }: Server) =>
  connect({
    open: () => openWebSocket(`${url.replace("http", "ws")}/ws`),
    credentials: () => ({ token }),
    client: { id: "test" },
  });

testExecutable(
  `the executable killed ${KILLS} times around due times runs each of them at most once and forgets none (ALEPH_SEED=${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    fake.answer(() => ["Done ", { wait: Bun.sleep(random() * 30) }, "it"]);
    const home = folder.path;
    const config = [
      "[providers.fake]",
      'type = "openai-compatible"',
      `base_url = "${fake.url}"`,
      'api_key = "fake"',
      'models = ["m"]',
      "[models]",
      'default = "fake/m"',
      "[memory.extract]",
      "enabled = false",
    ];
    writeFileSync(join(home, "config.toml"), config.join("\n"), { mode: 0o600 });
    const once: string[] = [];
    {
      await using server = await startServer({ home });
      await using client = await open(server);
      for (const missed of ["skip", "once", "all"] as const) {
        const deliver = { session_key: `agent:main:chat:${missed}` };
        await client.call("cron.add", { id: missed, schedule: { every_ms: 1000 }, message: missed, missed, deliver });
      }
      for (let at = 1; at <= 10; at++) {
        const id = `once-${at}`;
        once.push(id);
        await client.call("cron.add", { id, schedule: { at: Date.now() + at * 700 }, message: id });
      }
      server.kill("SIGKILL");
      await server.finished;
    }
    for (let kill = 0; kill < KILLS; kill++) {
      await using server = await startServer({ home });
      await Bun.sleep(random() * LONGEST_LIFE_MS);
      server.kill("SIGKILL");
      await server.finished;
    }
    {
      await using server = await startServer({ home });
      await using client = await open(server);
      for (const cron_id of ["skip", "once", "all"]) await client.call("cron.update", { cron_id, enabled: false });
      await until(async () => {
        const { runs } = await client.call("cron.history", { limit: 1000 });
        return runs.every(({ status }) => status !== "waiting" && status !== "running");
      }, 60_000);
      server.kill("SIGTERM");
      expect((await server.finished).code).toBe(0);
    }
    using db = new Database(join(home, "aleph.db"), { readonly: true });
    const rows = (sql: string) => db.query<Record<string, unknown>, []>(sql).all();
    // Each time is claimed once, each claim has one run, and each run stands for a claim.
    expect(rows("SELECT job_id, due_at FROM cron_run GROUP BY job_id, due_at HAVING count(*) > 1")).toEqual([]);
    expect(rows("SELECT run_id FROM cron_run WHERE run_id IS NOT NULL GROUP BY run_id HAVING count(*) > 1")).toEqual(
      [],
    );
    const stray = "SELECT id FROM run WHERE id NOT IN (SELECT run_id FROM cron_run WHERE run_id IS NOT NULL)";
    expect(rows(stray)).toEqual([]);
    expect(rows("SELECT id FROM cron_run WHERE status <> 'skipped' AND run_id IS NULL")).toEqual([]);
    const ofOnce =
      "SELECT job_id AS id, count(*) AS runs FROM cron_run WHERE job_id LIKE 'once-%' GROUP BY job_id ORDER BY job_id";
    expect(rows(ofOnce)).toEqual(once.toSorted().map((id) => ({ id, runs: 1 })));
    // What was said is delivered once for each run that ended.
    for (const job of ["skip", "once", "all"]) {
      const said = rows(
        `SELECT count(*) AS n FROM message WHERE session_id = (SELECT id FROM session WHERE key = 'agent:main:chat:${job}')`,
      );
      const ended = rows(`SELECT count(*) AS n FROM cron_run WHERE job_id = '${job}' AND delivery = 'done'`);
      expect(said).toEqual(ended);
    }
    const counts = rows("SELECT status, count(*) AS n FROM cron_run GROUP BY status");
    console.log(`after ${KILLS} kills: ${JSON.stringify(counts)}`);
    expect(rows("SELECT 1 FROM cron_run WHERE job_id = 'all' AND status = 'completed'").length).toBeGreaterThan(0);
  },
  180_000,
);
