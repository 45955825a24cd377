import { expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Deliveries } from "../../src/cron/delivery.ts";
import { Heartbeats, type HeartbeatTable } from "../../src/cron/heartbeat.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { MAIN, testAgent } from "../support/agent.ts";

async function heartbeats(table: Partial<HeartbeatTable> = {}, at = Date.UTC(2026, 0, 1, 12)) {
  const agent = await testAgent();
  let now = at;
  const shared = { bus: agent.bus, log: agent.log, now: () => now };
  const deliveries = new Deliveries({
    ...shared,
    poster: (channel) => Promise.reject(new AlephError("not_found", `No interface "${channel}"`)),
    rules: () => [],
    door: () => Promise.reject(new Error("no network")),
    resolveSecret: async (value) => value,
  });
  const beats = new Heartbeats({
    ...shared,
    stores: agent.stores,
    runner: agent.runner,
    sessions: new Sessions({ ...shared, stores: agent.stores }),
    deliveries,
    table: () => ({ from: "00:00", until: "00:00", tz: "", interface: "", target: "", ...table }),
    history: () => 2,
    workspace: (name) => agent.toolbox.workspace(name),
    isForeign: () => false,
    timeZone: () => "UTC",
  });
  const file = join(agent.toolbox.workspace("main"), "HEARTBEAT.md");
  return {
    agent,
    file,
    write: (text: string) => writeFileSync(file, text),
    beat: () => beats.beat("main", new AbortController().signal).finally(() => (now += 60_000)),
    rows: () => agent.store.db.query("SELECT job_id, status, note, delivery FROM cron_run ORDER BY id").all(),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

test("a heartbeat asks no model where there is nothing to look after", async () => {
  await using t = await heartbeats();
  expect(await t.beat()).toBe(false);
  t.write("\n# Things\n<!-- none\nyet -->\n- \n");
  expect(await t.beat()).toBe(false);
  rmSync(t.file);
  writeFileSync(`${t.file}.real`, "Look after the plants");
  symlinkSync(`${t.file}.real`, t.file);
  expect(await t.beat()).toBe(false);
  rmSync(t.file);
  mkdirSync(t.file);
  expect(await t.beat()).toBe(false);
  expect([t.agent.fake.requests.length, t.rows()]).toEqual([0, []]);
});

test.each(["HEARTBEAT_OK", "**HEARTBEAT_OK**.\n", "`HEARTBEAT_OK`"])(
  "a heartbeat that finds nothing (%j) says nothing and leaves nothing but a line in the log",
  async (answer) => {
    await using t = await heartbeats();
    t.write("Look after the plants");
    t.agent.fake.reply(answer);
    expect(await t.beat()).toBe(true);
    expect(JSON.stringify(t.agent.fake.requests[0]!.body)).toContain("Look after the plants");
    expect(t.agent.history()).toEqual([]);
    expect(t.agent.stores.all().flatMap(({ db }) => db.query("SELECT key FROM session").all())).toEqual([]);
    expect(t.rows()).toEqual([{ job_id: "heartbeat:main", status: "completed", note: "nothing", delivery: null }]);
  },
);

test("a heartbeat that finds something says it in the main session, without what led to it", async () => {
  await using t = await heartbeats();
  t.write("Look after the plants");
  t.agent.fake.reply("HEARTBEAT_OK would be wrong: the fern is dry");
  expect(await t.beat()).toBe(true);
  expect(t.agent.history(MAIN)).toEqual(["assistant complete: HEARTBEAT_OK would be wrong: the fern is dry"]);
  expect(t.rows()).toMatchObject([{ status: "completed", delivery: "done" }]);
});

test.each(["HEARTBEAT_OK. Но три письма ждут ответа", "HEARTBEAT_OK，但有三封邮件", "HEARTBEAT_OK 3"])(
  "a heartbeat that says more than that there is nothing (%j) is heard in every script",
  async (text) => {
    await using t = await heartbeats();
    t.write("Look at the mail");
    t.agent.fake.reply(text);
    await t.beat();
    expect(t.agent.history(MAIN)).toEqual([`assistant complete: ${text}`]);
  },
);

test("a heartbeat whose model fails, or whose place is not there, bothers nobody and is noted; the notes are bounded", async () => {
  await using t = await heartbeats({ interface: "telegram", target: "1" });
  t.write("Look after the plants");
  t.agent.fake.reply({ status: 401, message: "no" }, "The fern is dry", "HEARTBEAT_OK", "HEARTBEAT_OK");
  await t.beat();
  await t.beat();
  expect(t.rows()).toMatchObject([
    { status: "failed" },
    { status: "completed", delivery: "failed", note: "The fern is dry" },
  ]);
  await t.beat();
  await t.beat();
  expect(t.rows()).toHaveLength(2);
  expect(t.agent.history(MAIN)).toEqual([]);
});

test.each([
  ["08:00", "22:00", 12, true],
  ["08:00", "22:00", 22, false],
  ["08:00", "22:00", 7, false],
  ["22:00", "06:00", 23, true],
  ["22:00", "06:00", 5, true],
  ["22:00", "06:00", 12, false],
] as const)("a heartbeat from %s until %s at %d o'clock: %p", async (from, until, hour, isHour) => {
  await using t = await heartbeats({ from, until, tz: "Asia/Tokyo" }, Date.UTC(2026, 0, 2, hour - 9));
  t.write("Look");
  t.agent.fake.reply("HEARTBEAT_OK");
  expect(await t.beat()).toBe(isHour);
});
