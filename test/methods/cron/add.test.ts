import { expect, test } from "bun:test";
import { connect } from "../../../src/client/client.ts";
import { openWebSocket } from "../../../src/client/transport.ts";
import { testApp } from "../../support/app.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";
import { checked } from "../../support/method.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";
import { refusalOf } from "../../support/tool-call.ts";
import { until } from "../../support/until.ts";

const HOUR = 3_600_000;
const QUIET = { memory: { extract: { enabled: false } } };

test("cron.* makes, lists, runs, pauses and removes a job whose answer comes to a session", async () => {
  await using t = await conversation({ config: QUIET });
  const call = checked(t.client);
  const { cron_id, next_run_at } = await call("cron.add", {
    id: "news",
    schedule: { cron: "0 8 * * *", tz: "Europe/Berlin" },
    message: "What is new?",
    deliver: { session_key: MAIN },
  });
  expect(next_run_at! - Date.now()).toBeLessThanOrEqual(25 * HOUR);
  expect(await refusalOf(t.client.call("cron.add", { id: "news", schedule: { every_ms: HOUR }, message: "x" }))).toBe(
    'conflict: There is a job "news" already',
  );
  t.fake.reply("Nothing much");
  const begun = await call("cron.run", { cron_id });
  await call("runs.wait", { run_id: begun.run_id! });
  expect(begun).toMatchObject({ cron_id, cause: "manual", attempt: 1 });
  await until(async () => (await call("cron.history", { cron_id })).runs[0]?.status === "completed");
  expect((await call("cron.list", {})).jobs).toMatchObject([
    {
      cron_id,
      session_key: "agent:main:cron:news",
      schedule: { cron: "0 8 * * *", tz: "Europe/Berlin" },
      deliver: { session_key: MAIN },
      created_by: "owner",
      untrusted: false,
      missed: "once",
      last: { status: "completed", note: "Nothing much", delivery: "done" },
    },
  ]);
  const { messages } = await call("session.history", { session_key: MAIN });
  expect(messages.map(({ role, content }) => [role, content])).toEqual([["assistant", "Nothing much"]]);
  const own = await call("session.history", { session_key: "agent:main:cron:news" });
  expect(own.messages.map(({ content }) => content)).toEqual(["What is new?", "Nothing much"]);
  expect(await call("cron.update", { cron_id, enabled: false })).toMatchObject({ enabled: false, next_run_at: null });
  expect(await call("cron.update", { cron_id, enabled: true, deliver: null })).toMatchObject({
    enabled: true,
    next_run_at,
    deliver: null,
  });
  expect(await call("cron.remove", { cron_id })).toEqual({ cron_id });
  expect(await refusalOf(t.client.call("cron.remove", { cron_id }))).toBe('not_found: No job "news"');
  expect(await refusalOf(t.client.call("cron.history", { cron_id }))).toBe('not_found: No job "news"');
  expect((await call("cron.list", {})).jobs).toEqual([]);
});

test("a job runs by the server's own clock, and what it says goes over an interface", async () => {
  await using t = await conversation({ config: QUIET });
  const call = checked(t.client);
  await call("session.create", { session_key: MAIN });
  t.fake.reply("Time is up");
  await call("cron.add", {
    id: "soon",
    schedule: { at: Date.now() + 1200 },
    message: "Say that time is up",
    deliver: { interface: "webchat", target: MAIN },
  });
  await until(async () => (await call("session.history", { session_key: MAIN })).messages.length > 0, 30_000);
  const { messages } = await call("session.history", { session_key: MAIN });
  expect(messages.map(({ role, content }) => [role, content])).toEqual([["assistant", "Time is up"]]);
  expect((await call("cron.list", {})).jobs).toMatchObject([{ cron_id: "soon", next_run_at: null }]);
}, 60_000);

test("a server that starts anew makes up for what it missed, and does not repeat what it did", async () => {
  let at = Date.UTC(2026, 4, 1, 7, 59);
  const now = () => at;
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  const server = () => conversation({ config: QUIET, now, home: folder.path, fake });
  {
    await using first = await server();
    const job = { id: "news", schedule: { cron: "0 8 * * *", tz: "UTC" }, message: "News?" };
    await checked(first.client)("cron.add", job);
  }
  at += 3 * HOUR;
  fake.reply("News", "More");
  for (let start = 0; start < 2; start++) {
    await using next = await server();
    const call = checked(next.client);
    await until(async () => (await call("cron.history", {})).runs[0]?.status === "completed", 30_000);
    expect(fake.requests).toHaveLength(1);
    expect((await call("cron.history", {})).runs).toMatchObject([{ due_at: Date.UTC(2026, 4, 1, 8), note: "News" }]);
  }
}, 60_000);

test.each([
  [{ schedule: {}, message: "x" }, "invalid_params"],
  [{ schedule: { every_ms: 10 }, message: "x" }, "invalid_params"],
  [{ schedule: { every_ms: 10_000, at: 1 }, message: "x" }, "invalid_params"],
  [{ schedule: { every_ms: 10_000 }, message: "x", id: "a:b" }, "invalid_params"],
  [{ schedule: { every_ms: 10_000 }, message: "x", agent: "none" }, 'not_found: No agent "none"'],
  [{ schedule: { every_ms: 10_000 }, message: "x", deliver: { interface: "none", target: "x" } }, "not_found"],
  [{ schedule: { every_ms: 10_000 }, message: "x", deliver: { webhook: "http://localhost/" } }, "forbidden"],
])("cron.add refuses %j", async (params, why) => {
  await using t = await conversation({ config: QUIET });
  expect(await refusalOf(t.client.call("cron.add", params as never))).toStartWith(why);
});

test("a job whose maker's token is revoked runs no more", async () => {
  await using t = await conversation({ config: QUIET });
  const scopes = ["read", "chat", "write"] as const;
  const { token_id, token } = await t.client.call("auth.tokens.create", { name: "phone", scopes: [...scopes] });
  {
    await using client = await connect({
      open: () => openWebSocket(t.wsUrl),
      credentials: () => ({ token }),
      client: { id: "phone" },
    });
    const retry = { times: 2, backoff_ms: 1000 };
    await client.call("cron.add", { id: "news", schedule: { every_ms: HOUR }, message: "x", retry });
  }
  t.fake.answer(() => ({ status: 400, message: "No" }));
  await t.client.call("cron.run", { cron_id: "news" });
  const status = async () => (await t.client.call("cron.history", { cron_id: "news" })).runs[0]?.status;
  await until(async () => (await status()) === "waiting");
  await t.client.call("cron.add", { id: "own", schedule: { every_ms: HOUR }, message: "x" });
  await t.client.call("auth.tokens.revoke", { token_id });
  const { jobs } = await t.client.call("cron.list", {});
  expect(jobs.map(({ cron_id, enabled }) => [cron_id, enabled])).toEqual([
    ["own", true],
    ["news", false],
  ]);
  expect(await status()).toBe("failed");
});

test("jobs that are paused with the owner's token are named in the log, and may go on", async () => {
  await using app = await testApp({ config: QUIET });
  for (const id of ["one", "two", "three"]) {
    await app.client.call("cron.add", { id, schedule: { every_ms: HOUR }, message: "x" });
  }
  await app.client.call("cron.update", { cron_id: "two", enabled: false });
  const { token } = await app.client.call("auth.tokens.rotate", {});
  await using client = await connect({
    open: () => openWebSocket(`${app.url.replace("http", "ws")}/ws`),
    credentials: () => ({ token }),
    client: { id: "owner" },
  });
  expect((await client.call("cron.list", {})).jobs.map(({ enabled }) => enabled)).toEqual([false, false, false]);
  expect(app.logs.filter(({ message }) => message.startsWith("jobs are paused")).map(({ fields }) => fields)).toEqual([
    { jobs: ["one", "three"], hint: "aleph cron resume ID lets one go on" },
  ]);
  await client.call("cron.update", { cron_id: "one", enabled: true });
  const { jobs } = await client.call("cron.list", {});
  expect(jobs.find(({ cron_id }) => cron_id === "one")?.next_run_at).toBeGreaterThan(Date.now());
});

test("who may start no run makes no job either", async () => {
  await using t = await conversation({ config: QUIET });
  const { token } = await t.client.call("auth.tokens.create", { name: "clock", scopes: ["read", "write"] });
  await using client = await connect({
    open: () => openWebSocket(t.wsUrl),
    credentials: () => ({ token }),
    client: { id: "clock" },
  });
  const why = 'forbidden: A job needs scope "chat" as well';
  const job = { schedule: { every_ms: HOUR }, message: "x" };
  expect(await refusalOf(client.call("cron.add", job))).toBe(why);
  expect(await refusalOf(client.call("cron.update", { cron_id: "x", message: "y" }))).toBe(why);
  expect(await refusalOf(client.call("cron.run", { cron_id: "x" }))).toBe(why);
});
