/** A clock that is set under the server: by a person, by a time server, by a laptop that slept. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Server } from "../../test/support/executable.ts";
import { openRawSocket, type RawEvent } from "../../test/support/raw-socket.ts";
import { until } from "../../test/support/until.ts";
import { compilerObstacle, openFaults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import type { Rig } from "./rig.ts";
import type { Scenario } from "./scenario.ts";
import { expectAlive, expectRecovery, expectRun, write } from "./steady.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Set to these, one after the other, beside the true time. */
const JUMPS = [HOUR, -2 * HOUR, 40 * DAY, 0, -3 * DAY, 0];
const EVERY_SECOND = "every-second";

export const clockJumps: Scenario = {
  name: "clock-jumps",
  summary:
    "the clock is set forwards and backwards, by hours and by days: runs end, schedules go on, nothing is done twice",
  obstacle: compilerObstacle,
  async run(rig) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    const faults = await openFaults(rig.folder, rig.home);
    const seen: RawEvent[] = [];
    let farthest = 0;
    {
      await using server = await rig.start({ env: faults.env });
      using socket = await openRawSocket(server.url, server.token);
      socket.onEvent = (event) => void seen.push(event);
      await socket.call("events.subscribe", { pattern: "**" });
      await socket.call("cron.add", {
        id: EVERY_SECOND,
        schedule: { every_ms: 1000 },
        message: "again",
        missed: "once",
      });
      for (const [at, offset] of JUMPS.entries()) {
        const when = `${offset / HOUR} hours away`;
        faults.set("clock_offset_ms", offset);
        await write(ledger, server, 3);
        await expectRun(rig, server, `jump-${at}`, when);
        await expectAlive(rig, server, when);
        farthest = Math.max(farthest, Math.abs((seen.at(-1)?.ts ?? 0) - Date.now()));
        await expectSchedule(rig, server, `once-${at}`, offset, when);
      }
      // The connection of before the jumps is still good.
      await socket.call("session.list");
      const jumbled = seen.filter(({ seq }, index) => index > 0 && seq <= seen[index - 1]!.seq);
      if (jumbled.length > 0) rig.problem(`${jumbled.length} events came out of order`);
      if (farthest < DAY) rig.problem("the shim was never asked");
      await rig.stop(server);
    }
    compareClaims(rig);
    await expectRecovery(rig, ledger, "after the jumps");
    return { jumps: JUMPS.length, events: seen.length, farthest_days: Math.round(farthest / DAY), hits: faults.hits() };
  },
};

/** A job for a moment from now comes, whatever now is called. */
async function expectSchedule(rig: Rig, server: Server, id: string, offset: number, when: string): Promise<void> {
  using socket = await openRawSocket(server.url, server.token);
  await socket.call("cron.add", { id, schedule: { at: Date.now() + offset + 300 }, message: id });
  const isDone = async () => {
    const { runs } = await socket.call<{ runs: { status: string }[] }>("cron.history", { cron_id: id });
    return runs.some(({ status }) => status === "completed");
  };
  await until(isDone, 15_000).catch(() => rig.problem(`${when}: a job did not come`));
}

function compareClaims(rig: Rig): void {
  using db = new Database(join(rig.home, "aleph.db"), { readonly: true });
  const twice = db.query("SELECT job_id, due_at FROM cron_run GROUP BY job_id, due_at HAVING count(*) > 1").all();
  if (twice.length > 0) rig.problem(`claimed twice: ${JSON.stringify(twice)}`);
  const often = db
    .query("SELECT job_id, count(*) AS n FROM cron_run WHERE job_id LIKE 'once-%' GROUP BY job_id HAVING n <> 1")
    .all();
  if (often.length > 0) rig.problem(`one-time jobs ran not once: ${JSON.stringify(often)}`);
}
