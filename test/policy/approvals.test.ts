import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Approvals, type Question } from "../../src/policy/approvals.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { Publisher } from "../../src/sdk/bus.ts";
import { createStores } from "../../src/session/stores.ts";
import { type OpenStore, openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

const MAIN = "agent:main:main";
const OTHER = "agent:main:chat:other";
const EPHEMERAL = "agent:main:ephemeral:x1";

interface Seen {
  readonly topic: string;
  readonly data: Record<string, unknown>;
  readonly sessionKey: string | undefined;
}

async function setUp(path?: string) {
  const stack = new AsyncDisposableStack();
  const file = path ?? join(stack.use(await testFolder()).path, "aleph.db");
  const { log, entries } = testLog();
  const durable = stack.use(openStore(file, { log }));
  let memory: OpenStore | undefined;
  stack.defer(() => memory?.[Symbol.asyncDispose]());
  const stores = createStores(durable, () => {
    memory = openStore(":memory:", { log });
    return memory;
  });
  const events: Seen[] = [];
  const bus: Publisher = {
    publish(topic, data, options) {
      events.push({ topic, data, sessionKey: options?.sessionKey });
      return events.length;
    },
  };
  const clock = { now: 1_000_000 };
  const approvals = new Approvals({ stores, bus, log, now: () => clock.now });
  return {
    file,
    durable,
    stores,
    events,
    entries,
    clock,
    approvals,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type SetUp = Awaited<ReturnType<typeof setUp>>;

function question(override: Partial<Question> = {}): Question {
  return {
    tool: "exec",
    plan: { command: "npm test", cwd: "/w" },
    reason: "It runs a program",
    runId: "run_1",
    callId: "call_1",
    sessionKey: MAIN,
    workspace: "/w",
    identity: { id: "owner", kind: "owner" },
    ttlMs: 60_000,
    ...override,
  };
}

/** Asks, and waits until the question is out. */
async function ask(
  { approvals, events }: SetUp,
  override: Partial<Question> = {},
  signal = new AbortController().signal,
) {
  const before = events.length;
  const answer = approvals.request(question(override), signal);
  await Promise.race([answer, waitFor(() => events.length > before)]);
  const id = events[before]?.data.approval_id;
  return { answer, id: typeof id === "string" ? id : undefined };
}

async function waitFor(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}

async function reasonOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
  } catch (thrown) {
    return thrown instanceof AlephError ? thrown.reason : String(thrown);
  }
  return undefined;
}

test("Approvals shows the whole question, and it is on disk before anyone sees it", async () => {
  await using t = await setUp();
  const { answer, id } = await ask(t);
  const row = {
    approval_id: id!,
    tool: "exec",
    plan: { command: "npm test", cwd: "/w" },
    reason: "It runs a program",
    run_id: "run_1",
    call_id: "call_1",
    session_key: MAIN,
    expires_at: 1_060_000,
  };
  expect(t.events).toEqual([{ topic: "approval.requested", data: row, sessionKey: MAIN }]);
  expect(t.approvals.list({ status: "pending" })).toEqual([{ ...row, status: "pending", created_at: 1_000_000 }]);
  using other = new Database(t.file, { readonly: true });
  expect(other.query("SELECT id, status FROM approval").all()).toEqual([{ id, status: "pending" }]);
  await t.approvals.resolve({ approvalId: id!, decision: "deny", by: "owner" });
  expect(await answer).toBe("deny");
});

test.each(["once", "session", "always", "deny"] as const)(
  "Approvals hands the answer %s to who waits",
  async (decision) => {
    await using t = await setUp();
    const { answer, id } = await ask(t);
    t.clock.now += 5;
    const resolved = await t.approvals.resolve({ approvalId: id!, decision, by: "owner" });
    const status = decision === "deny" ? "denied" : "approved";
    expect(resolved).toMatchObject({ approval_id: id, status, decision });
    expect(t.approvals.get(id!)).toEqual(resolved);
    expect(await answer).toBe(decision);
    expect(t.events.at(-1)).toEqual({
      topic: "approval.resolved",
      data: { approval_id: id, decision, by: "owner", run_id: "run_1", session_key: MAIN },
      sessionKey: MAIN,
    });
  },
);

test("Approvals takes the first answer only", async () => {
  await using t = await setUp();
  const { answer, id } = await ask(t);
  const answers = await Promise.allSettled(
    (["deny", "once", "always"] as const).map((decision) =>
      t.approvals.resolve({ approvalId: id!, decision, by: "owner" }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(await answer).toBe("deny");
  expect(await reasonOf(() => t.approvals.resolve({ approvalId: id!, decision: "once", by: "x" }))).toBe("conflict");
  expect(t.approvals.get(id!).status).toBe("denied");
  expect(t.events.filter(({ topic }) => topic === "approval.resolved").length).toBe(1);
  // No grant came of the answers that were too late.
  expect(t.durable.db.query("SELECT count(*) AS n FROM approval_grant").get()).toEqual({ n: 0 });
});

test("Approvals knows no question that was not asked", async () => {
  await using t = await setUp();
  expect(await reasonOf(() => t.approvals.get("approval_x"))).toBe("not_found");
  expect(await reasonOf(() => t.approvals.resolve({ approvalId: "x' OR 1", decision: "once", by: "o" }))).toBe(
    "not_found",
  );
});

test("Approvals asks again after once", async () => {
  await using t = await setUp();
  const first = await ask(t);
  await t.approvals.resolve({ approvalId: first.id!, decision: "once", by: "owner" });
  expect(await first.answer).toBe("once");
  const second = await ask(t);
  expect(second.id).toBeDefined();
  await t.approvals.resolve({ approvalId: second.id!, decision: "deny", by: "owner" });
});

test("Approvals answers at once where the same was granted for the session, and only there", async () => {
  await using t = await setUp();
  const first = await ask(t);
  await t.approvals.resolve({ approvalId: first.id!, decision: "session", by: "owner" });
  expect(await t.approvals.request(question(), new AbortController().signal)).toBe("session");
  const { id } = await ask(t, { sessionKey: OTHER });
  expect(t.approvals.get(id!).status).toBe("pending");
});

test("Approvals answers at once where the same was granted for ever, in any session and after a restart", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  {
    await using t = await setUp(path);
    const first = await ask(t);
    await t.approvals.resolve({ approvalId: first.id!, decision: "always", by: "owner" });
  }
  await using t = await setUp(path);
  expect(await t.approvals.request(question({ sessionKey: OTHER }), new AbortController().signal)).toBe("always");
  expect(t.events).toEqual([]);
});

test.each([
  ["another plan", { plan: { command: "npm test", cwd: "/w2" } }],
  ["one more key in the plan", { plan: { command: "npm test", cwd: "/w", env: ["X"] } }],
  ["another tool", { tool: "other" }],
  ["another workspace", { workspace: "/v" }],
  ["a guest", { identity: { id: "guest_1", kind: "guest" } }],
] as const)("Approvals grants nothing for %s", async (_, override) => {
  await using t = await setUp();
  const first = await ask(t);
  await t.approvals.resolve({ approvalId: first.id!, decision: "always", by: "owner" });
  const { id } = await ask(t, override);
  expect(t.approvals.get(id!).status).toBe("pending");
});

test("Approvals compares plans by what they say, not by the order of their keys", async () => {
  await using t = await setUp();
  const first = await ask(t, { plan: { a: 1, b: { c: 2, d: 3 } } });
  await t.approvals.resolve({ approvalId: first.id!, decision: "always", by: "owner" });
  const same = question({ plan: { b: { d: 3, c: 2 }, a: 1 } });
  expect(await t.approvals.request(same, new AbortController().signal)).toBe("always");
});

test("Approvals takes no answer in time as no", async () => {
  await using t = await setUp();
  const { answer, id } = await ask(t, { ttlMs: 20 });
  expect(await answer).toBe("expired");
  expect(t.approvals.get(id!)).toMatchObject({ status: "expired", decision: "expired" });
  expect(t.events.at(-1)?.data).toMatchObject({ approval_id: id, decision: "expired", by: null });
  expect(await reasonOf(() => t.approvals.resolve({ approvalId: id!, decision: "once", by: "o" }))).toBe("conflict");
});

test("Approvals refuses an answer after the time even if no timer has fired yet", async () => {
  await using t = await setUp();
  const { answer, id } = await ask(t);
  t.clock.now += 60_000;
  expect(await reasonOf(() => t.approvals.resolve({ approvalId: id!, decision: "once", by: "owner" }))).toBe(
    "conflict",
  );
  expect(await answer).toBe("expired");
});

test("Approvals cancels the question when the run is aborted", async () => {
  await using t = await setUp();
  const abort = new AbortController();
  const { answer, id } = await ask(t, {}, abort.signal);
  abort.abort();
  expect(await answer).toBe("cancelled");
  expect(t.approvals.get(id!)).toMatchObject({ status: "cancelled", decision: "cancelled" });
  expect(await reasonOf(() => t.approvals.resolve({ approvalId: id!, decision: "once", by: "o" }))).toBe("conflict");
});

test("Approvals does not ask for a run that is aborted already", async () => {
  await using t = await setUp();
  expect(await t.approvals.request(question(), AbortSignal.abort())).toBe("cancelled");
  expect([t.events, t.approvals.list()]).toEqual([[], []]);
});

test("Approvals expires at start what an earlier process asked", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  let id: string | undefined;
  {
    await using t = await setUp(path);
    ({ id } = await ask(t));
  }
  await using t = await setUp(path);
  expect(t.approvals.list({ status: "pending" }).map(({ approval_id }) => approval_id)).toEqual([id!]);
  await t.approvals.expireAll();
  expect(t.approvals.list({ status: "pending" })).toEqual([]);
  expect(t.approvals.get(id!)).toMatchObject({ status: "expired", decision: "expired" });
  expect(t.events.map(({ topic, data }) => [topic, data.approval_id, data.decision])).toEqual([
    ["approval.resolved", id, "expired"],
  ]);
});

test("Approvals writes nothing of an ephemeral session to disk, and works there all the same", async () => {
  await using t = await setUp();
  const { answer, id } = await ask(t, { sessionKey: EPHEMERAL });
  expect(t.approvals.list().map(({ approval_id }) => approval_id)).toEqual([id!]);
  await t.approvals.resolve({ approvalId: id!, decision: "always", by: "owner" });
  expect(await answer).toBe("always");
  const again = question({ sessionKey: EPHEMERAL });
  expect(await t.approvals.request(again, new AbortController().signal)).toBe("always");
  expect(t.durable.db.query("SELECT count(*) AS n FROM approval").get()).toEqual({ n: 0 });
  expect(t.durable.db.query("SELECT count(*) AS n FROM approval_grant").get()).toEqual({ n: 0 });
  expect(t.events.every(({ sessionKey }) => sessionKey === EPHEMERAL)).toBe(true);
});

test("Approvals asks nobody when the question cannot be kept", async () => {
  await using t = await setUp();
  const full = new AlephError("storage_failed", "Disk is full");
  const broken = {
    failure: undefined,
    db: t.durable.db,
    write: () => Promise.reject(full),
    writeRelaxed: t.durable.writeRelaxed,
  };
  const approvals = new Approvals({
    stores: { of: () => broken, all: () => [broken] },
    bus: { publish: () => expect.unreachable() },
    log: testLog().log,
    now: () => 0,
  });
  expect(await reasonOf(() => approvals.request(question(), new AbortController().signal))).toBe("storage_failed");
});

test("Approvals lists by status, newest last", async () => {
  await using t = await setUp();
  const ids: string[] = [];
  for (const command of ["a", "b", "c"]) {
    t.clock.now += 1;
    ids.push((await ask(t, { plan: { command } })).id!);
  }
  await t.approvals.resolve({ approvalId: ids[1]!, decision: "deny", by: "owner" });
  const listed = (filter?: Parameters<Approvals["list"]>[0]) =>
    t.approvals.list(filter).map(({ approval_id }) => approval_id);
  expect(listed()).toEqual(ids);
  expect(listed({ status: "pending" })).toEqual([ids[0]!, ids[2]!]);
  expect(listed({ status: "denied" })).toEqual([ids[1]!]);
  expect(listed({ status: "approved" })).toEqual([]);
});
