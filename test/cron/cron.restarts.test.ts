/** Random lives of a server: time passes, its clock is set, it is killed at any point, runs end; then what was done is counted. */
import { expect, test } from "bun:test";
import { nextDue } from "../../src/cron/schedule.ts";
import { HOUR, testCron } from "../support/cron.ts";
import { seededRandom } from "../support/random.ts";

const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);
const LIVES = 8;
const STEPS = 40;
const SCHEDULES = [
  { cron: "*/20 * * * *", tz: "Europe/Berlin" },
  { cron: "30 2 * * *", tz: "Europe/Berlin" },
  { every_ms: 1_700_000 },
  { at: "2026-10-25T02:30", tz: "Europe/Berlin" },
];

type Test = Awaited<ReturnType<typeof testCron>>;

/** What must never be, whatever happened. */
function faultsOf(t: Test): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { job, due } of t.runs) {
    const key = `${job} ${due}`;
    if (seen.has(key)) faults.push(`twice: ${key}`);
    seen.add(key);
  }
  const going = new Map<string, number>();
  for (const { job_id, status } of t.cron.history(undefined, 100_000)) {
    if (status === "running") going.set(job_id, (going.get(job_id) ?? 0) + 1);
  }
  for (const [job, count] of going) if (count > 1) faults.push(`${count} at once: ${job}`);
  return faults;
}

/** `jumps` also sets the clock; `sabotage` is what a broken server would do. */
async function live(t: Test, random: () => number, { jumps, sabotage }: { jumps: boolean; sabotage?: () => void }) {
  const missed = ["skip", "once", "all"][Math.floor(random() * 3)];
  for (const [at, schedule] of SCHEDULES.entries()) {
    await t.add(`job-${at}`, schedule, { missed, retry: { times: 0, backoff_ms: 1000 } });
  }
  for (let step = 0; step < STEPS; step++) {
    const dice = random();
    if (dice < 0.35) await t.advance(random() * 0.7 * HOUR);
    else if (dice < 0.65) for (const id of t.going()) await t.end(id, random() < 0.8 ? "completed" : "failed");
    else if (dice < 0.8) {
      t.crashAt(random() < 0.5 ? "before" : "after");
      await t.advance(random() * 0.7 * HOUR);
      sabotage?.();
      await t.restart(random() * HOUR);
    } else if (dice < 0.9) await t.restart(random() * 3 * HOUR);
    else if (jumps) t.jump((random() - 0.4) * 6 * HOUR);
    expect(faultsOf(t)).toEqual(sabotage ? expect.anything() : []);
  }
}

test.each([false, true])(
  `no time runs twice and no two at once, over restarts and crashes; clock set: %p (ALEPH_SEED=${SEED})`,
  async (jumps) => {
    const random = seededRandom(SEED);
    let runs = 0;
    for (let life = 0; life < LIVES; life++) {
      await using t = await testCron({ start: Date.UTC(2026, 9, 24, 20), table: { history: 10_000 } });
      await live(t, random, { jumps });
      await t.restart(0);
      runs += t.runs.length;
      expect(faultsOf(t)).toEqual([]);
      if (!jumps) expect(forgotten(t)).toEqual([]);
    }
    expect(runs).toBeGreaterThan(LIVES);
  },
  120_000,
);

/** Of a clock that only goes forward: each time of the first job was run, or is among those that were skipped. */
function forgotten(t: Test): string[] {
  const rows = t.cron.history("job-0", 100_000).toReversed();
  const faults: string[] = [];
  let due = nextDue({ cron: "*/20 * * * *", tz: "Europe/Berlin" }, Date.UTC(2026, 9, 24, 20));
  for (const row of rows) {
    if (row.due_at !== due) faults.push(`${row.due_at} in place of ${due}`);
    const times = row.status === "skipped" ? Number(/, (\d+) times/.exec(row.note ?? "")?.[1] ?? 1) : 1;
    for (let at = 0; at < times && due !== null; at++)
      due = nextDue({ cron: "*/20 * * * *", tz: "Europe/Berlin" }, Math.max(row.due_at, due));
  }
  if (due !== null && due <= t.now - 120_000) faults.push(`${due} is not there`);
  return faults;
}

test("a server that forgot what it had claimed would be found out", async () => {
  const random = seededRandom(SEED);
  let found = 0;
  for (let life = 0; life < 4; life++) {
    await using t = await testCron({ start: Date.UTC(2026, 9, 24, 20) });
    const forget = () => {
      t.store.db.run("DELETE FROM cron_run WHERE status <> 'waiting'");
      t.store.db.run("UPDATE cron_job SET next_due = last_due, next_run_at = last_due WHERE last_due IS NOT NULL");
    };
    await live(t, random, { jumps: false, sabotage: forget });
    found += faultsOf(t).length;
  }
  expect(found).toBeGreaterThan(0);
}, 120_000);
