/** Thousands of schedules on the real approvals; and the same with a bug put back, which must be found. */
import { expect, test } from "bun:test";
import { approvalsSimulator, type Twin } from "./model/approvals-model.ts";

const SCHEDULES = 10_000;
const TWIN_SCHEDULES = 1_000;

async function firstFault(twin: Twin, schedules: number): Promise<string | undefined> {
  using simulator = approvalsSimulator(twin);
  for (let seed = 1; seed <= schedules; seed++) {
    const fault = await simulator.play(seed);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

test(`nothing runs but what somebody allowed, in ${SCHEDULES} schedules`, async () => {
  expect(await firstFault({}, SCHEDULES)).toBeUndefined();
}, 60_000);

const TWINS: readonly (readonly [string, Twin])[] = [
  ["a later answer counts too", { sql: (sql) => sql.replace(" WHERE id = ? AND status = 'pending'", " WHERE id = ?") }],
  ["what was approved runs without a second look", { noSecondLook: true }],
  ["no question ever expires", { stoppedClock: true }],
  ["questions of an earlier life can be answered", { noExpiryAtStart: true }],
  [
    "what was taken back still holds",
    { sql: (sql) => sql.replace("DELETE FROM approval_grant", "SELECT * FROM approval_grant") },
  ],
  [
    "what one session may every session may",
    { sql: (sql) => sql.replace("digest = ?1 AND session_key = ?2", "digest = ?1 AND session_key <> '' AND ?2 = ?2") },
  ],
  [
    "a grant for always ends with the session",
    { sql: (sql) => sql.replace("OR (digest = ?3 AND session_key = ?4)", "OR (?3 = ?4)") },
  ],
];

test.each(TWINS)("the model finds the bug when %s", async (_, twin) => {
  expect(await firstFault(twin, TWIN_SCHEDULES)).toStartWith("seed ");
});
