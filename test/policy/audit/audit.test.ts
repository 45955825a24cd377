import { expect, test } from "bun:test";
import { join } from "node:path";
import { canonicalDigest } from "../../../src/lib/canonical-json.ts";
import { Audit } from "../../../src/policy/audit/audit.ts";
import { openStore } from "../../../src/store/store.ts";
import { testLog } from "../../support/log.ts";
import { testWorkspace } from "../../support/workspace.ts";

const KEY = Buffer.alloc(32, 7);
const never = new AbortController().signal;

async function setUp(key = KEY) {
  await using stack = new AsyncDisposableStack();
  const workspace = stack.use(await testWorkspace());
  const { log, entries } = testLog();
  const store = stack.use(openStore(join(workspace.userHome, "aleph.db"), { log }));
  let now = 1_000;
  const open = () => new Audit({ store, key: () => key, log, now: () => now++ });
  const owned = stack.move();
  return {
    store,
    context: workspace.context,
    audit: open(),
    /** As after a restart. */
    open,
    logged: entries,
    sql: (text: string) => store.db.run(text),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const step = (audit: Audit, count: number) => {
  for (let index = 0; index < count; index++) audit.add({ kind: "config", detail: { sections: [`s${index}`] } });
};

test("Audit keeps what was decided with its plan, and how the call ended with the hash of its result", async () => {
  await using it = await setUp();
  const context = it.context({ sessionKey: "agent:main:main", runId: "run_1", callId: "call_1" });
  const plan = { command: "curl -H 'Authorization: Bearer abcdefghijkl'" };
  it.audit.decided("exec", { tier: "ask", reason: "It may change things", plan }, context);
  it.audit.ended("exec", { status: "ok", text: "done" }, context);
  const row = {
    ts: expect.any(Number),
    identity: context.identity.id,
    session_key: "agent:main:main",
    run_id: "run_1",
    call_id: "call_1",
    tool: "exec",
  };
  expect(it.audit.list({ limit: 10 })).toEqual([
    {
      ...row,
      seq: 2,
      kind: "call",
      detail: { status: "ok", result_sha256: new Bun.SHA256().update("done").digest("hex"), result_length: 4 },
    },
    {
      ...row,
      seq: 1,
      kind: "decision",
      detail: {
        tier: "ask",
        reason: "It may change things",
        plan: { command: "curl -H 'Authorization: [masked]'" },
        plan_sha256: canonicalDigest(plan),
      },
    },
  ]);
});

test("Audit keeps of an ephemeral session that something was done, and neither where nor what", async () => {
  await using it = await setUp();
  const context = it.context({ sessionKey: "agent:main:ephemeral:e1", runId: "run_1" });
  it.audit.decided("exec", { tier: "allow", reason: "It reads", plan: { command: "cat diary.txt" } }, context);
  const [row] = it.audit.list({ limit: 1 });
  expect([row!.session_key, row!.run_id, JSON.stringify(row!.detail).includes("diary")]).toEqual([null, null, false]);
});

test("Audit cuts what it shows of a large plan, not its hash", async () => {
  await using it = await setUp();
  const plan = { text: "x".repeat(20_000) };
  it.audit.decided("write", { tier: "allow", reason: "In the workspace", plan }, it.context({}));
  const { detail } = it.audit.list({ limit: 1 })[0]!;
  expect(detail.plan_sha256).toBe(canonicalDigest(plan));
  expect((detail.plan_cut as string).length).toBe(8_192);
});

test("Audit gives its rows in pages, by kind, tool and session", async () => {
  await using it = await setUp();
  step(it.audit, 3);
  it.audit.ended("read", { status: "ok", text: "" }, it.context({ sessionKey: "agent:main:other" }));
  const seqs = (query: Partial<Parameters<Audit["list"]>[0]>) =>
    it.audit.list({ limit: 10, ...query }).map(({ seq }) => seq);
  expect([
    seqs({ limit: 2 }),
    seqs({ before: 3 }),
    seqs({ kind: "config" }),
    seqs({ tool: "read" }),
    seqs({ sessionKey: "agent:main:other" }),
    seqs({ sessionKey: "agent:main:main" }),
  ]).toEqual([[4, 3], [2, 1], [3, 2, 1], [4], [4], []]);
});

test("Audit goes on with its chain after a restart, and finds it whole", async () => {
  await using it = await setUp();
  expect(await it.audit.verify(never)).toEqual({ ok: true, rows: 0, head: null, keptFrom: null, faults: [] });
  step(it.audit, 3);
  const again = it.open();
  step(again, 2);
  const verdict = await again.verify(never);
  expect(verdict).toEqual({
    ok: true,
    rows: 5,
    head: expect.stringMatching(/^[0-9a-f]{64}$/),
    keptFrom: null,
    faults: [],
  });
});

test.each([
  ["changed", "UPDATE audit SET detail = '{}' WHERE seq = 3", 3, "Row was changed, or put in"],
  ["changed in its time", "UPDATE audit SET ts = ts + 1 WHERE seq = 3", 3, "Row was changed, or put in"],
  ["taken out of the middle", "DELETE FROM audit WHERE seq = 3", 4, "Row 3 is missing"],
  ["taken from the beginning", "DELETE FROM audit WHERE seq < 3", 3, "Rows 1 to 2 are missing"],
  ["taken from the end", "DELETE FROM audit WHERE seq > 3", 5, "Rows 4 to 5 are missing"],
  [
    "taken from the end, and the newest renamed",
    "DELETE FROM audit WHERE seq > 3; UPDATE audit_head SET seq = 3",
    3,
    "The name of the newest row was changed",
  ],
  [
    "put in at the end",
    "INSERT INTO audit SELECT 6, ts, kind, identity, session_key, run_id, call_id, tool, detail, mac FROM audit WHERE seq = 5",
    6,
    "Row was changed, or put in",
  ],
  ["left without the name of the newest", "DELETE FROM audit_head", 5, "The newest row is not named"],
])("Audit finds a row that was %s", async (_, sql, seq, problem) => {
  await using it = await setUp();
  step(it.audit, 5);
  it.sql(sql);
  const { ok, faults } = await it.open().verify(never);
  expect([ok, faults.find((fault) => fault.seq === seq)]).toEqual([false, { seq, problem }]);
});

test("Audit finds rows that were chained anew without its key", async () => {
  await using it = await setUp();
  step(it.audit, 2);
  const forger = new Audit({ store: it.store, key: () => Buffer.alloc(32, 8), log: testLog().log, now: () => 1 });
  forger.add({ kind: "config", detail: {} });
  expect((await it.open().verify(never)).faults.map(({ seq }) => seq)).toContain(3);
});

test("Audit checks many rows and stops when nobody waits any more", async () => {
  await using it = await setUp();
  it.store.writeRelaxed(() => undefined);
  step(it.audit, 2_001);
  expect((await it.audit.verify(never)).rows).toBe(2_001);
  expect(await it.audit.verify(AbortSignal.abort(new Error("gone"))).catch((thrown: Error) => thrown.message)).toBe(
    "gone",
  );
});

test("Audit says in the log what it could not keep, and goes on with the next", async () => {
  await using it = await setUp();
  step(it.audit, 1);
  it.sql("ALTER TABLE audit RENAME TO away");
  step(it.audit, 1);
  it.sql("ALTER TABLE away RENAME TO audit");
  step(it.audit, 1);
  expect(it.logged.map(({ message }) => message)).toEqual(["audit row could not be kept"]);
  expect(await it.audit.verify(never)).toMatchObject({ ok: true, rows: 2 });
});
