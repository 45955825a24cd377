import { expect, test } from "bun:test";
import { Interfaces } from "../../src/channel/interfaces.ts";
import type { InterfaceTable } from "../../src/config/schema.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { ChatPolicy, IncomingMessage } from "../../src/sdk/channel.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";
import { type TestChannelOptions, testChannel } from "./test-channel.ts";

const POLICY: ChatPolicy = {
  allow_from: [],
  dm_policy: "pairing",
  dm_scope: "per_peer",
  groups: {},
  agent: "main",
  stream: true,
};
const MESSAGE: IncomingMessage = { id: "7", conversation: "room", sender: { id: "U1" }, text: "hi" };

type Tables = Record<string, InterfaceTable>;

function setUp(tables: Tables, channelOptions: TestChannelOptions = {}) {
  const test = testChannel(channelOptions);
  const other = testChannel({ id: "other" });
  const topics: string[] = [];
  const realms = new Map<string, string>();
  const received: { channel: string; message: IncomingMessage }[] = [];
  const { log, entries } = testLog();
  let config = { interfaces: tables };
  const interfaces = new Interfaces({
    channels: { test: test.load, other: other.load },
    needs: {},
    config: () => config,
    async resolveSecret(value) {
      if (value === "env:NONE") throw new AlephError("config_invalid", 'Secret reference "env:NONE" is not set');
      return value.replace("env:", "secret of ");
    },
    chats: async () => ({
      join: (channel, { refused, realm }) => ({
        async receive(message) {
          realms.set(channel, realm);
          const taken = !message.sender.id.startsWith("stranger");
          if (taken) received.push({ channel, message });
          else refused(message.sender.id);
          return { taken };
        },
        press: async () => ({ text: "", settled: true }),
        knows: () => true,
      }),
    }),
    bus: { publish: (topic, data) => topics.push(`${topic} ${(data as { interface: string }).interface}`) },
    log,
    wait: (_ms, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
  });
  return {
    interfaces,
    test,
    other,
    topics,
    received,
    realms,
    entries,
    async change(next: Tables) {
      config = { interfaces: next };
      await interfaces.apply();
    },
    states: async () => (await interfaces.list()).map(({ id, enabled, state }) => [id, enabled, state]),
    [Symbol.asyncDispose]: () => interfaces[Symbol.asyncDispose](),
  };
}

test("Interfaces starts what has a table that does not switch it off, with its options and secrets resolved", async () => {
  await using t = setUp({ test: { token: "env:TOKEN" }, other: { enabled: false } });
  expect(await t.states()).toEqual([
    ["test", true, "stopped"],
    ["other", false, "stopped"],
  ]);
  await t.interfaces.apply();
  await until(() => t.topics.length > 0);
  expect(await t.interfaces.list()).toEqual([
    {
      id: "test",
      enabled: true,
      state: "running",
      error: undefined,
      capabilities: { edit: true, react: false, typing: true, files: false, threads: false, buttons: false },
      limits: { message: 20 },
      refused: 0,
    },
    expect.objectContaining({ id: "other", enabled: false, state: "stopped" }),
  ]);
  expect(t.test.opened.map(({ options }) => options)).toEqual([{ token: "secret of TOKEN", pace: 3 }]);
  expect(t.topics).toEqual(["interface.started test"]);
});

test("Interfaces restarts only those whose table changed, and stops those whose table is gone", async () => {
  await using t = setUp({ test: {}, other: {} });
  await t.interfaces.apply();
  await until(() => t.topics.length === 2);
  await t.change({ test: { pace: 5 }, other: {} });
  await until(() => t.topics.length === 4);
  expect(t.topics.slice(2)).toEqual(["interface.stopped test", "interface.started test"]);
  expect(t.test.opened.map(({ options, closed }) => [options, closed])).toEqual([
    [{ pace: 3 }, true],
    [{ pace: 5 }, false],
  ]);
  await t.change({ other: {} });
  expect(t.topics.slice(4)).toEqual(["interface.stopped test"]);
  await t.change({ test: { enabled: false }, other: {} });
  expect(await t.states()).toEqual([
    ["test", false, "stopped"],
    ["other", true, "running"],
  ]);
  expect(t.other.opened).toHaveLength(1);
});

test("Interfaces leaves one alone that was started or stopped by hand, until its table changes", async () => {
  await using t = setUp({ other: {} });
  await t.interfaces.apply();
  await until(() => t.topics.length === 1);
  await t.interfaces.start("test");
  await t.interfaces.stop("other");
  await t.interfaces.apply();
  expect(await t.states()).toEqual([
    ["test", false, "running"],
    ["other", true, "stopped"],
  ]);
  await t.change({ other: { pace: 1 } });
  await until(async () => (await t.interfaces.status("other")).state === "running");
});

test("Interfaces shows why one could not be started: bad options, a missing secret, the channel's own reason", async () => {
  for (const [table, message] of [
    [{ pace: 0 }, 'Interface "test" cannot be used: interfaces.test.pace: Too small: expected number to be >0'],
    [{ token: "env:NONE" }, 'Secret reference "env:NONE" is not set'],
    [{ token: "wrong" }, "Login failed"],
  ] as const) {
    const onOpen = () => {
      throw new AlephError("auth_failed", "Login failed");
    };
    await using t = setUp({ test: table }, { onOpen });
    await t.interfaces.start("test");
    const { state, error } = await t.interfaces.status("test");
    expect([state, error?.message]).toEqual(["error", message]);
  }
});

test("Interfaces is not held up by a channel that does not open", async () => {
  const onOpen = ({ signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await using t = setUp({ test: {} }, { onOpen });
  await t.interfaces.apply();
  expect((await t.interfaces.status("test")).state).toBe("starting");
  await t.change({ other: {} });
  expect((await t.interfaces.status("test")).state).toBe("stopped");
});

test("Interfaces hands messages to a channel that runs, and what a channel receives to the app", async () => {
  await using t = setUp({ test: {} });
  await t.interfaces.start("test");
  expect(await t.interfaces.send("test", "room", "hello")).toEqual({ id: "1" });
  expect(t.test.sent).toEqual([{ target: "room", message: "hello" }]);
  const chat = await t.test.opened[0]!.host.chat(POLICY);
  await chat.receive(MESSAGE);
  expect(t.received).toEqual([{ channel: "test", message: MESSAGE }]);
});

test("Interfaces refuses a message that is too long, for one that does not run, and for one that is not there", async () => {
  await using t = setUp({});
  expect(await refusal(() => t.interfaces.send("test", "room", "hello"))).toEqual({
    reason: "conflict",
    message: 'Interface "test" is not running',
    data: { state: "stopped", hint: "interface.status tells why, interface.start starts it" },
  });
  expect(await refusal(() => t.interfaces.send("test", "room", "x".repeat(21)))).toEqual({
    reason: "invalid_params",
    message: 'Message is too long for interface "test"',
    data: { issues: [{ path: "message", message: "must not be longer than 20 characters" }] },
  });
  expect(await refusal(() => t.interfaces.send("tset", "room", "hello"))).toEqual({
    reason: "not_found",
    message: 'No interface "tset"',
    data: { hint: 'Did you mean "test"?' },
  });
});

test("Interfaces closes all of them when it is disposed, and starts none any more", async () => {
  const t = setUp({ test: {}, other: {} });
  await t.interfaces.apply();
  await until(() => t.topics.length === 2);
  await t[Symbol.asyncDispose]();
  expect([...t.test.opened, ...t.other.opened].map(({ closed }) => closed)).toEqual([true, true]);
  await t.change({ test: { pace: 7 } });
  expect(t.test.opened).toHaveLength(1);
  expect((await refusal(() => t.interfaces.start("test"))).reason).toBe("overloaded");
});

test("Interfaces takes channels that come later, and stops those that go or are another now", async () => {
  await using t = setUp({ test: {}, late: { pace: 2 } });
  const early = testChannel({ id: "late" });
  await t.interfaces.offer({ late: early.load });
  expect(await t.states()).toContainEqual(["late", true, "stopped"]);
  await t.interfaces.apply();
  await until(() => t.topics.length === 2);
  expect(early.opened.map(({ options }) => options)).toEqual([{ pace: 2 }]);

  await t.interfaces.offer({ late: early.load });
  expect(early.opened).toHaveLength(1);
  const next = testChannel({ id: "late" });
  await t.interfaces.offer({ late: next.load });
  await until(() => next.opened.length === 1);
  expect(early.opened[0]!.closed).toBe(true);
  await t.interfaces.offer({});
  expect(next.opened[0]!.closed).toBe(true);
  expect((await refusal(() => t.interfaces.status("late"))).message).toBe('No interface "late"');
  expect(t.test.opened.map(({ closed }) => closed)).toEqual([false]);
});

test("Interfaces keeps a built-in channel when another of its name is offered", async () => {
  await using t = setUp({ test: {} });
  await t.interfaces.apply();
  const other = testChannel();
  await t.interfaces.offer({ test: other.load });
  await t.interfaces.stop("test");
  await t.interfaces.start("test");
  await t.interfaces.offer({});
  expect([t.test.opened.length, other.opened.length]).toEqual([2, 0]);
  expect(await t.states()).toEqual([
    ["test", true, "running"],
    ["other", false, "stopped"],
  ]);
});

test("Interfaces counts the messages that a channel refused, and tells of the first of them", async () => {
  await using t = setUp({ test: {} });
  await t.interfaces.start("test");
  const chat = await t.test.opened[0]!.host.chat(POLICY);
  for (let index = 0; index < 50; index++) await chat.receive({ ...MESSAGE, sender: { id: `stranger ${index}` } });
  expect((await t.interfaces.status("test")).refused).toBe(50);
  const lines = t.entries.filter(({ message }) => message === "message of a stranger refused");
  expect([lines.length, lines[0]?.fields]).toEqual([10, { interface: "test", sender: "stranger 0" }]);
});

test("Interfaces opens a table that names another's type as an account of its own, until the table goes", async () => {
  await using t = setUp({ test: {}, work: { type: "test", token: "env:WORK" } });
  await t.interfaces.apply();
  await until(() => t.topics.length === 2);
  expect(await t.states()).toEqual([
    ["test", true, "running"],
    ["other", false, "stopped"],
    ["work", true, "running"],
  ]);
  expect(t.test.opened.map(({ options }) => options)).toContainEqual({ token: "secret of WORK", pace: 3 });
  const at = t.test.opened.findIndex(({ options }) => (options as { token?: string }).token !== undefined);
  await (await t.test.opened[at]!.host.chat(POLICY)).receive(MESSAGE);
  expect(t.received).toEqual([{ channel: "work", message: MESSAGE }]);
  // Its ids need not be those of the other one.
  expect([...t.realms]).toEqual([["work", "work"]]);
  await t.change({ test: {} });
  expect(t.test.opened[at]!.closed).toBe(true);
  expect((await refusal(() => t.interfaces.status("work"))).reason).toBe("not_found");
});

test("Interfaces says where people have the same ids: at all accounts of a platform that gives each one of his own", async () => {
  await using t = setUp({ test: {}, work: { type: "test" } }, { globalSenders: true });
  await t.interfaces.apply();
  await until(() => t.test.opened.length === 2);
  for (const { host } of t.test.opened) await (await host.chat(POLICY)).receive(MESSAGE);
  expect(Object.fromEntries(t.realms)).toEqual({ test: "test", work: "test" });
});
