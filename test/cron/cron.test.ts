import { expect, test } from "bun:test";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import { signBody } from "../../src/webhook/signature.ts";
import { HOUR, testCron } from "../support/cron.ts";
import { refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";

const HOURLY = { cron: "0 * * * *" };

test("a job runs when it is due, in a session of its own, and nothing sleeps when there is nothing to wait for", async () => {
  await using t = await testCron();
  expect(t.timers).toBe(0);
  const job = await t.add("news", HOURLY);
  expect(job.nextRunAt).toBe(t.now + HOUR);
  expect(t.timers).toBe(1);
  await t.advance(HOUR - 1);
  expect(t.runs).toEqual([]);
  await t.advance(1);
  expect(t.runs).toMatchObject([{ job: "news", due: Date.UTC(2026, 0, 1, 1), message: "do news", untrusted: false }]);
  await t.end("run_1");
  expect(t.cron.history("news", 1)).toMatchObject([
    { status: "completed", run_id: "run_1", note: "done", delivery: null },
  ]);
  expect(t.topics()).toEqual(["cron.added", "cron.started", "cron.ended"]);
  await t.cron.remove("news");
  await t.advance(0);
  expect([t.timers, t.cron.list(), t.cron.history("news", 10)]).toEqual([0, [], []]);
});

test("one timer serves all jobs, and each runs once at its time", async () => {
  await using t = await testCron();
  for (let at = 0; at < 20; at++) await t.add(`job-${at}`, { every_ms: (at + 1) * 60_000 });
  expect(t.timers).toBe(1);
  expect(await refusalOf(t.add("more", HOURLY))).toBe("limit_reached: There are 20 jobs already");
  await t.advance(60_000);
  expect(t.runs.map(({ job }) => job)).toEqual(["job-0"]);
});

test("an at job runs once and is done", async () => {
  await using t = await testCron();
  await t.add("cake", { at: "2026-01-01T00:30" });
  await t.advance(HOUR);
  await t.end("run_1");
  await t.advance(48 * HOUR);
  expect(t.runs).toHaveLength(1);
  expect(t.cron.get("cake")).toMatchObject({ enabled: true, nextDue: null, nextRunAt: null });
});

test.each([
  ["skip", ["01-01 01:00 skipped missed, 5 times"]],
  ["once", ["01-01 01:00 skipped missed, 4 times", "01-01 05:00 completed"]],
  [
    "all",
    [
      "01-01 01:00 completed",
      "01-01 02:00 completed",
      "01-01 03:00 completed",
      "01-01 04:00 completed",
      "01-01 05:00 completed",
    ],
  ],
] as const)("times that passed while the server was down: %s", async (missed, expected) => {
  await using t = await testCron();
  await t.add("news", HOURLY, { missed });
  await t.restart(5.5 * HOUR);
  for (let run = 1; t.going().length > 0; run++) {
    // One after the other.
    expect(t.going()).toEqual([`run_${run}`]);
    await t.end(`run_${run}`);
  }
  expect(t.rows()).toEqual([...expected]);
  await t.advance(0.5 * HOUR);
  expect(t.runs.at(-1)!.due).toBe(Date.UTC(2026, 0, 1, 6));
});

test("of all that was missed no more is made up for than max_missed", async () => {
  await using t = await testCron({ table: { max_missed: 2 } });
  await t.add("news", HOURLY, { missed: "all" });
  await t.restart(100.5 * HOUR);
  await t.end("run_1");
  await t.end("run_2");
  expect(t.rows()).toEqual(["01-01 01:00 skipped missed, 98 times", "01-05 03:00 completed", "01-05 04:00 completed"]);
});

test("a job whose run still goes is skipped, and that is noted", async () => {
  await using t = await testCron();
  await t.add("slow", HOURLY);
  await t.advance(3 * HOUR);
  expect(t.rows()).toEqual(["01-01 01:00 running", "01-01 02:00 skipped overlap", "01-01 03:00 skipped overlap"]);
  expect(await refusalOf(t.cron.run("slow"))).toBe('conflict: A run of "slow" goes already');
  await t.end("run_1");
  await t.advance(HOUR);
  expect(t.runs.map(({ due }) => new Date(due).getUTCHours())).toEqual([1, 4]);
});

test("a clock that is set back repeats nothing, and one that is set forward makes up for what it passed as for downtime", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  await t.advance(2 * HOUR);
  await t.end("run_1");
  await t.advance(0);
  t.jump(-1.5 * HOUR);
  await t.advance(1.5 * HOUR);
  expect(t.rows()).toEqual(["01-01 01:00 completed", "01-01 02:00 skipped overlap"]);
  await t.advance(HOUR);
  expect(t.runs.map(({ due }) => new Date(due).getUTCHours())).toEqual([1, 3]);
  await t.end("run_2");
  t.jump(5.5 * HOUR);
  await t.advance(60_000);
  expect(t.runs.map(({ due }) => new Date(due).getUTCHours())).toEqual([1, 3, 8]);
});

test("a clock that was years ahead does not leave a job waiting for years", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  t.jump(10 * 365 * 24 * HOUR);
  await t.advance(60_000);
  expect(t.runs).toHaveLength(1);
  await t.end("run_1");
  t.jump(-10 * 365 * 24 * HOUR);
  await t.advance(2 * HOUR);
  expect(t.runs.map(({ due }) => new Date(due).getUTCFullYear())).toEqual([2035, 2026]);
});

test.each(["before", "after"] as const)(
  "a process that ends %s the run is on disk leaves it to the next one, exactly once",
  async (where) => {
    await using t = await testCron();
    await t.add("news", HOURLY);
    t.crashAt(where);
    await t.advance(HOUR);
    await t.restart(10_000);
    expect(t.runs).toHaveLength(1);
    expect(t.going()).toEqual(["run_1"]);
    await t.end("run_1");
    expect(t.rows()).toEqual(["01-01 01:00 completed"]);
    await t.restart(1000);
    expect(t.runs).toHaveLength(1);
  },
);

test("a run that ended while no server was there is told of at the next start, once", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY, { deliver: { interface: "chat", target: "room" } });
  await t.advance(HOUR);
  t.store.db.run("UPDATE test_run SET status = 'interrupted', text = 'half'");
  await t.restart(1000);
  await t.restart(1000);
  expect(t.posts).toEqual([
    { channel: "chat", conversation: "room", text: 'The scheduled job "news" was interrupted. half' },
  ]);
  expect(t.rows()).toEqual(["01-01 01:00 interrupted"]);
});

test("a job that fails is tried again, later each time, and then said to have failed", async () => {
  await using t = await testCron();
  const retry = { times: 2, backoff_ms: 60_000 };
  await t.add("news", { cron: "0 0 * * *" }, { retry, deliver: { interface: "chat", target: "room" } });
  await t.advance(24 * HOUR);
  await t.end("run_1", "failed", "", "provider_error");
  await t.advance(59_999);
  expect(t.runs).toHaveLength(1);
  await t.advance(1);
  await t.end("run_2", "failed", "", "provider_error");
  await t.advance(120_000);
  await t.end("run_3", "failed", "", "provider_error");
  await t.advance(HOUR);
  expect(t.runs).toHaveLength(3);
  expect(t.cron.history("news", 10)).toMatchObject([
    { status: "failed", attempt: 3, run_id: "run_3", delivery: "done" },
  ]);
  expect(t.posts.map(({ text }) => text)).toEqual(['The scheduled job "news" failed. It was provider_error']);
});

test("what ran into a budget is not tried again, and what waits for its next attempt gives way to the next time", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY, { retry: { times: 5, backoff_ms: 2 * HOUR } });
  await t.advance(HOUR);
  await t.end("run_1", "failed", "", "budget_exceeded");
  await t.advance(HOUR);
  await t.end("run_2", "failed", "", "provider_error");
  await t.advance(HOUR);
  expect(t.rows()).toEqual(["01-01 01:00 failed", "01-01 02:00 failed", "01-01 03:00 running"]);
});

test("what cannot be started for now is started later, and what never can has failed", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  t.refuse("storage_failed");
  await t.advance(HOUR);
  expect(t.rows()).toEqual(["01-01 01:00 waiting"]);
  t.refuse(undefined);
  await t.advance(60_000);
  expect(t.rows()).toEqual(["01-01 01:00 running"]);
  await t.end("run_1");
  t.refuse("not_found");
  await t.advance(HOUR);
  expect(t.cron.history("news", 1)).toMatchObject([
    { status: "failed", note: "It could not be started: Refused by the test" },
  ]);
});

test("a job that is paused misses nothing, and one that is resumed begins from now", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  expect(await t.cron.update("news", { enabled: false })).toMatchObject({ enabled: false, nextRunAt: null });
  await t.advance(0);
  expect(t.timers).toBe(0);
  await t.advance(10.5 * HOUR);
  await t.cron.update("news", { enabled: true, message: "other" });
  await t.advance(0.5 * HOUR);
  expect(t.runs).toMatchObject([{ due: Date.UTC(2026, 0, 1, 11), message: "other" }]);
  expect(t.rows()).toEqual(["01-01 11:00 running"]);
  expect(await refusalOf(t.cron.update("none", {}))).toBe('not_found: No job "none"');
});

test("a job that is paused tries nothing again, and makes up for nothing that it missed", async () => {
  await using t = await testCron();
  await t.add("flaky", HOURLY);
  await t.add("line", HOURLY, { missed: "all" });
  await t.restart(2.5 * HOUR);
  await t.end("run_1", "failed", "", "provider_error");
  for (const id of ["flaky", "line"]) await t.cron.update(id, { enabled: false });
  await t.end("run_2");
  await t.advance(3 * HOUR);
  expect([t.runs.length, t.timers]).toEqual([2, 0]);
  expect(t.rows("flaky")).toEqual(["01-01 01:00 skipped missed", "01-01 02:00 failed"]);
  expect(t.rows("line")).toEqual(["01-01 01:00 completed", "01-01 02:00 skipped paused"]);
  // At somebody's word it runs all the same, that once.
  expect(await t.cron.run("line")).toMatchObject({ status: "running" });
  await t.end("run_3", "failed", "", "provider_error");
  await t.advance(3 * HOUR);
  expect([t.runs.length, t.rows("line").at(-1)]).toEqual([3, "01-01 05:30 failed"]);
});

test("jitter begins a run later and never at the next one's time", async () => {
  await using t = await testCron();
  const job = await t.add("news", HOURLY, { jitter_ms: 40 * 60_000 });
  expect([job.nextDue, job.nextRunAt]).toEqual([t.now + HOUR, t.now + HOUR + 20 * 60_000]);
  const wide = await t.add("wide", HOURLY, { jitter_ms: 24 * HOUR });
  expect(wide.nextRunAt).toBe(t.now + 1.5 * HOUR);
  await t.advance(HOUR + 20 * 60_000);
  expect(t.runs).toMatchObject([{ job: "news", due: Date.UTC(2026, 0, 1, 1) }]);
});

test("cron.run runs a job besides its schedule", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  await t.advance(60_000);
  expect(await t.cron.run("news")).toMatchObject({ cause: "manual", status: "running", run_id: "run_1" });
  await t.end("run_1");
  await t.advance(HOUR);
  expect(t.runs.map(({ started }) => new Date(started).toISOString().slice(11, 16))).toEqual(["00:01", "01:00"]);
});

test("the history of a job is bounded", async () => {
  await using t = await testCron({ table: { history: 3 } });
  await t.add("news", HOURLY);
  for (let run = 1; run <= 8; run++) {
    await t.advance(HOUR);
    await t.end(`run_${run}`);
  }
  expect(t.cron.history("news", 100).length).toBeLessThanOrEqual(4);
});

test("while schedules are off nothing runs, and what passed is missed", async () => {
  const table = { enabled: false };
  await using t = await testCron({ table });
  await t.add("news", HOURLY, { missed: "skip" });
  await t.advance(3.5 * HOUR);
  expect([t.rows(), t.timers]).toEqual([[], 0]);
  table.enabled = true;
  await t.restart();
  expect(t.rows()).toEqual(["01-01 01:00 skipped missed, 3 times"]);
});

test("what a job says goes to a session of the owner, marked where strangers had a hand in it", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY, { deliver: { session_key: "agent:main:main" } });
  await t.add("mail", HOURLY, { deliver: { session_key: "agent:main:main" }, untrusted: true });
  await t.advance(HOUR);
  expect(t.runs.map(({ job, untrusted }) => [job, untrusted])).toEqual([
    ["mail", true],
    ["news", false],
  ]);
  await t.end("run_1", "completed", "from outside");
  await t.end("run_2", "completed", "own");
  const messages = t.store.db.query("SELECT role, parts FROM message ORDER BY id").all();
  expect(messages).toEqual([
    { role: "user", parts: '[{"type":"text","text":"from outside","untrusted":true}]' },
    { role: "assistant", parts: '[{"type":"text","text":"own"}]' },
  ]);
  expect(t.events.filter(({ topic }) => topic === "session.message")).toHaveLength(2);
});

test("a webhook is told, signed, and told again until it has taken it, also after a restart", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY, { deliver: { webhook: "https://hooks.example.com/a", secret: "env:HOOK" } });
  await t.advance(HOUR);
  t.answerWith(() => new Response("", { status: 503 }));
  await t.end("run_1");
  await until(() => t.cron.history("news", 1)[0]!.delivery_error !== null);
  expect(t.cron.history("news", 1)).toMatchObject([
    { delivery: "pending", delivery_error: "The webhook answered 503" },
  ]);
  t.answerWith(() => new Response());
  await t.restart(10_000);
  await until(() => t.cron.history("news", 1)[0]!.delivery === "done");
  expect(t.sent).toHaveLength(2);
  const [first, second] = t.sent;
  expect(second!.body).toBe(first!.body);
  expect(second!.headers.get("aleph-delivery")).toBe(first!.headers.get("aleph-delivery")!);
  expect(second!.headers.get("aleph-signature")).toBe(signBody(second!.body, "secret", t.now));
  expect(JSON.parse(second!.body)).toMatchObject({
    event: "cron.ended",
    cron_id: "news",
    run_id: "run_1",
    text: "done",
  });
  await t.restart(10_000);
  expect(t.sent).toHaveLength(2);
});

test("what is due while the disk takes nothing is looked at now and then, and begun when it does", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  await t.advance(HOUR - 1000);
  t.store.db.run("PRAGMA query_only = ON");
  await t.advance(2 * 60_000);
  const looks = t.entries.filter(({ message }) => message === "schedules could not be looked at").length;
  expect([looks > 0, looks < 10, t.timers]).toEqual([true, true, 1]);
  t.store.db.run("PRAGMA query_only = OFF");
  await t.advance(60_000);
  expect(t.runs).toMatchObject([{ job: "news", due: Date.UTC(2026, 0, 1, 1) }]);
});

test("a run whose end found no room on the disk is told of when there is some, and the job goes on", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY, { deliver: { interface: "chat", target: "7" } });
  await t.add("once", { at: "2026-01-01T01:00" });
  await t.advance(HOUR);
  t.store.db.run("UPDATE test_run SET status = 'completed', text = 'done' WHERE id = 'run_1'");
  t.store.db.run("PRAGMA query_only = ON");
  t.cron.ended({ id: "run_1" });
  await until(() => t.entries.some(({ message }) => message === "job could not be ended"));
  // Of this one not even the run itself could be ended.
  t.cron.ended({ id: "run_2" });
  await t.advance(20_000);
  t.store.db.run("PRAGMA query_only = OFF");
  await t.advance(40_000);
  expect(t.rows()).toEqual(["01-01 01:00 completed", "01-01 01:00 interrupted"]);
  expect(t.posts).toEqual([{ channel: "chat", conversation: "7", text: "done" }]);
  await t.advance(HOUR);
  expect(t.runs.map(({ job }) => job)).toEqual(["news", "once", "news"]);
});

test("what was for a webhook that its job tells no more is given up", async () => {
  await using t = await testCron();
  await t.add("news", { at: "2026-01-01T01:00" }, { deliver: { webhook: "https://hooks.example.com/a" } });
  await t.advance(HOUR);
  t.answerWith(() => new Response("", { status: 503 }));
  await t.end("run_1");
  await until(() => t.cron.history("news", 1)[0]!.delivery_error !== null);
  await t.cron.update("news", { deliver: { interface: "chat", target: "7" } });
  await t.advance(HOUR);
  expect([t.sent.length, t.timers]).toEqual([1, 0]);
  expect(t.cron.history("news", 1)).toMatchObject([
    { delivery: "failed", delivery_error: "The webhook answered 503", payload: null },
  ]);
});

test("a webhook that refuses is not asked again", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY, { deliver: { webhook: "https://hooks.example.com/a" } });
  await t.advance(HOUR);
  t.answerWith(() => new Response("", { status: 404 }));
  await t.end("run_1");
  await until(() => t.cron.history("news", 1)[0]!.delivery === "failed");
  await t.advance(HOUR / 2);
  expect(t.sent).toHaveLength(1);
});

test.each([
  [{ webhook: "https://other.example.com/" }, 'forbidden: No webhook may be called at "https://other.example.com"'],
  [
    { webhook: "https://user:pass@hooks.example.com/" },
    "invalid_params: Delivery is not possible: webhook must be a URL without a password",
  ],
  [{ webhook: "http://127.0.0.1/" }, 'forbidden: No webhook may be called at "http://127.0.0.1"'],
  [{ interface: "none", target: "x" }, 'not_found: No interface "none"'],
  [
    { session_key: "agent:main:ephemeral:x" },
    "invalid_params: Delivery is not possible: session_key must be a conversation of the owner, such as agent:main:main",
  ],
])("nothing is to be delivered to %j", async (deliver, why) => {
  await using t = await testCron();
  expect(await refusalOf(t.add("news", HOURLY, { deliver }))).toBe(why);
  expect(t.cron.list()).toEqual([]);
});

test("of jobs that are done the latest hundred stay, and they take no other's place", async () => {
  await using t = await testCron({ table: { max_jobs: 1 } });
  const name = (at: number) => `done-${String(at).padStart(3, "0")}`;
  for (let at = 0; at < 102; at++) {
    await t.add(name(at), { at: t.now + 1000 });
    await t.advance(1000);
    await t.end(`run_${at + 1}`);
  }
  await t.add("one", HOURLY);
  expect(await refusalOf(t.add("two", HOURLY))).toBe("limit_reached: There are 1 jobs already");
  const left = t.cron.list().map(({ id }) => id);
  expect([left.length, left.includes(name(101)), left.includes(name(2))]).toEqual([100, true, false]);
});

test("a job is refused when its name is taken or its agent is not there", async () => {
  await using t = await testCron();
  await t.add("news", HOURLY);
  expect(await refusalOf(t.add("news", HOURLY))).toBe('conflict: There is a job "news" already');
  expect(await refusalOf(t.add("other", HOURLY, { agent: "none" }))).toBe('not_found: No agent "none"');
  const { id } = await t.cron.add({ schedule: HOURLY, message: "x" }, OWNER_GRANT, undefined);
  expect(id).toStartWith("cron_");
});
