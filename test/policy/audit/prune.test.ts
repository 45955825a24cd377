/** Old rows leave the audit, and what is left can be checked as before. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Audit } from "../../../src/policy/audit/audit.ts";
import { pruneAudit } from "../../../src/policy/audit/prune.ts";
import { openStore } from "../../../src/store/store.ts";
import { testFolder } from "../../support/folder.ts";
import { testLog } from "../../support/log.ts";

const KEY = Buffer.alloc(32, 7);
const never = new AbortController().signal;
const PRUNED_AT = 9_000_000;

/** Rows with the times 1, 2, 3, … */
async function setUp(count: number) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const { log } = testLog();
  const store = stack.use(openStore(join(folder.path, "aleph.db"), { log }));
  const key = () => KEY;
  let now = 1;
  const open = () => new Audit({ store, key, log, now: () => now++ });
  const audit = open();
  const add = (rows: number) => {
    for (let index = 0; index < rows; index++) audit.add({ kind: "config", detail: { sections: [`s${index}`] } });
  };
  add(count);
  const owned = stack.move();
  return {
    store,
    audit,
    add,
    /** As after a restart. */
    open,
    prune: (cutoff: number, signal = never) => pruneAudit({ store, key, now: () => PRUNED_AT }, cutoff, signal),
    sql: (text: string) => store.db.run(text),
    rows: () => audit.list({ limit: 10_000 }).map(({ seq, kind }) => `${seq} ${kind}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test("pruneAudit takes out what is older, and the chain is whole from there on", async () => {
  await using it = await setUp(6);
  const { head } = await it.audit.verify(never);
  expect(await it.prune(5)).toEqual({ rows: 4, fault: undefined });
  expect(it.rows()).toEqual(["6 config", "5 config", "4 checkpoint"]);
  const kept = { ok: true, rows: 2, head, keptFrom: { seq: 5, prunedAt: PRUNED_AT }, faults: [] };
  expect(await it.audit.verify(never)).toEqual(kept);
  expect(await it.prune(5)).toEqual({ rows: 0, fault: undefined });
  it.add(1);
  it.open().add({ kind: "config", detail: {} });
  expect(await it.open().verify(never)).toEqual({ ...kept, rows: 4, head: expect.any(String) });
  expect((await it.open().verify(never)).head).not.toBe(head);
});

test("pruneAudit prunes again from where it left off, to the last row, and what is added goes on from it", async () => {
  await using it = await setUp(3);
  await it.prune(2);
  expect(await it.prune(1_000)).toEqual({ rows: 2, fault: undefined });
  expect(it.rows()).toEqual(["3 checkpoint"]);
  expect(await it.open().verify(never)).toMatchObject({ ok: true, rows: 0, keptFrom: { seq: 4 } });
  it.open().add({ kind: "config", detail: {} });
  expect(it.rows()).toEqual(["4 config", "3 checkpoint"]);
  expect(await it.open().verify(never)).toMatchObject({ ok: true, rows: 1 });
});

test("pruneAudit of an empty table, and of one that has nothing old, does nothing", async () => {
  await using it = await setUp(0);
  expect(await it.prune(1_000)).toEqual({ rows: 0, fault: undefined });
  it.add(2);
  expect(await it.prune(1)).toEqual({ rows: 0, fault: undefined });
  expect(it.rows()).toEqual(["2 config", "1 config"]);
});

test("pruneAudit leaves what stands behind a younger row, whatever time it says", async () => {
  await using it = await setUp(2);
  const late = new Audit({ store: it.store, key: () => KEY, log: testLog().log, now: () => 500 });
  late.add({ kind: "config", detail: {} });
  const again = new Audit({ store: it.store, key: () => KEY, log: testLog().log, now: () => 4 });
  again.add({ kind: "config", detail: {} });
  expect(await it.prune(100)).toEqual({ rows: 2, fault: undefined });
  expect(it.rows()).toEqual(["4 config", "3 config", "2 checkpoint"]);
});

test.each([
  ["changed", "UPDATE audit SET detail = '{}' WHERE seq = 3", { seq: 3, problem: "Row was changed, or put in" }, 2],
  ["taken out", "DELETE FROM audit WHERE seq = 3", { seq: 4, problem: "Row 3 is missing" }, 2],
  ["taken out at the beginning", "DELETE FROM audit WHERE seq = 1", { seq: 2, problem: "Row 1 is missing" }, 0],
])("pruneAudit stops at a row that was %s: the evidence stays", async (_, sql, fault, rows) => {
  await using it = await setUp(6);
  it.sql(sql);
  expect(await it.prune(1_000)).toEqual({ rows, fault });
  expect((await it.open().verify(never)).faults).toContainEqual(fault);
});

test.each([
  ["changed after it", "UPDATE audit SET ts = ts + 1 WHERE seq = 5", 5, "Row was changed, or put in"],
  ["missing after it", "DELETE FROM audit WHERE seq = 5", 6, "Row 5 is missing"],
  ["missing with it", "DELETE FROM audit WHERE seq <= 5", 6, "Rows 1 to 5 are missing"],
  ["the checkpoint itself, taken out", "DELETE FROM audit WHERE seq = 4", 5, "Rows 1 to 4 are missing"],
  ["the checkpoint itself, changed", "UPDATE audit SET ts = 2 WHERE seq = 4", 4, "Rows 1 to 3 are missing"],
  [
    "the checkpoint's own time, changed",
    "UPDATE audit SET detail = replace(detail, '9000000', '9000001') WHERE seq = 4",
    4,
    "Rows 1 to 3 are missing",
  ],
  [
    "put in before the checkpoint",
    "INSERT INTO audit SELECT 3, ts, kind, identity, session_key, run_id, call_id, tool, detail, mac FROM audit WHERE seq = 5",
    3,
    "Rows 1 to 2 are missing",
  ],
  [
    "moved: the checkpoint stands for a row that was not pruned",
    "DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 4",
    5,
    "Rows 1 to 4 are missing",
  ],
  [
    "the checkpoint of other rows, without the key",
    "DELETE FROM audit WHERE seq < 6; INSERT INTO audit (seq, ts, kind, detail, mac) VALUES (5, 5, 'checkpoint', '{\"pruned_at\":1,\"seal\":\"00\"}', '00')",
    5,
    "Rows 1 to 4 are missing",
  ],
  ["a checkpoint that says nothing", "UPDATE audit SET detail = 'null' WHERE seq = 4", 4, "Rows 1 to 3 are missing"],
  ["a checkpoint that is no JSON", "UPDATE audit SET detail = '{' WHERE seq = 4", 4, "Rows 1 to 3 are missing"],
  [
    "a second checkpoint, further on",
    "INSERT INTO audit SELECT 8, ts, kind, identity, session_key, run_id, call_id, tool, detail, mac FROM audit WHERE seq = 4",
    8,
    "Row 7 is missing",
  ],
])("Audit finds a row that was %s, once rows were pruned", async (_, sql, seq, problem) => {
  await using it = await setUp(6);
  await it.prune(5);
  it.sql(sql);
  const { ok, faults } = await it.open().verify(never);
  expect([ok, faults.find((fault) => fault.seq === seq)]).toEqual([false, { seq, problem }]);
});

test("pruneAudit works in parts, and stops between them when nobody wants it any more", async () => {
  await using it = await setUp(1_201);
  const stopped = await it.prune(1_201, AbortSignal.abort(new Error("stops"))).catch((thrown: Error) => thrown.message);
  expect([stopped, it.rows().at(-1)]).toEqual(["stops", "500 checkpoint"]);
  expect(await it.audit.verify(never)).toMatchObject({ ok: true, rows: 701 });
  expect(await it.prune(1_201)).toEqual({ rows: 700, fault: undefined });
  expect(it.rows()).toEqual(["1201 config", "1200 checkpoint"]);
});

test("Audit checks on behind rows that are pruned while it checks", async () => {
  await using it = await setUp(4_500);
  const verdict = it.audit.verify(never);
  // Each takes its first part at once: together more than was checked so far.
  await Promise.all(Array.from({ length: 5 }, () => it.prune(4_001)));
  expect(await verdict).toMatchObject({ ok: true, faults: [], keptFrom: { prunedAt: PRUNED_AT } });
  expect(await it.audit.verify(never)).toMatchObject({ ok: true, rows: 500, keptFrom: { seq: 4_001 } });
});
