import { describe, expect, test } from "bun:test";
import { createPluginChannels } from "../../src/plugin/channels.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { ChatPolicy, IncomingMessage } from "../../src/sdk/channel.ts";
import type { PluginChannel } from "../../src/sdk/plugin.ts";
import { handlerError, type TestPluginOptions, testPlugin } from "../support/active-plugin.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const CHAT: PluginChannel = {
  name: "chat",
  description: "A chat",
  connectHandler: "connect",
  disconnectHandler: "disconnect",
  sendHandler: "send",
  buttons: false,
};

const quiet = { connect: () => undefined, disconnect: () => undefined, send: () => ({ id: "m1" }) };

async function setUp(
  handlers: TestPluginOptions["handlers"] = {},
  table: object = { allow_from: ["U1"] },
  more: Partial<PluginChannel> = {},
) {
  const plugin = testPlugin({
    manifest: { id: "acme", channels: [{ ...CHAT, ...more }] },
    handlers: { ...quiet, ...handlers },
  });
  const { log, entries } = testLog();
  const channels = createPluginChannels({ log, builtIn: [] });
  const channel = await channels.follow([plugin]).chat!();
  const received: IncomingMessage[] = [];
  const policies: ChatPolicy[] = [];
  const stop = new AbortController();
  return {
    plugin,
    channel,
    entries,
    received,
    policies,
    stop,
    open: (id = "chat") =>
      channel.open({}, channel.options!.parse(table), {
        id,
        log,
        signal: stop.signal,
        async chat(policy) {
          policies.push(policy);
          return {
            async receive(message) {
              if (message.text === "bad") throw new AlephError("storage_failed", "Disk is full");
              received.push(message);
              return { taken: true };
            },
            press: async ({ value, sender }) => ({ text: `pressed ${value} by ${sender.id}`, settled: true }),
            knows: () => true,
          };
        },
      }),
    say: (sender: string, more: object = {}) =>
      plugin.notify("channel.message", { channel: "chat", conversation: "C01", sender, text: "hi", ...more }),
  };
}

describe("a plugin's channel", () => {
  test("connects with the keys of its table, sends, and disconnects", async () => {
    const t = await setUp({}, { allow_from: ["U1"], bot_token: "secret", rooms: ["a"] });
    await using channel = await t.open();
    expect(await channel.send("C01", "hello")).toEqual({ id: "m1" });
    await channel[Symbol.asyncDispose]();
    expect(t.plugin.calls).toEqual([
      { handler: "connect", args: { channel: "chat", config: { bot_token: "secret", rooms: ["a"] } } },
      { handler: "send", args: { channel: "chat", conversation: "C01", text: "hello" } },
      { handler: "disconnect", args: { channel: "chat" } },
    ]);
  });

  test("passes on what somebody wrote, with what the table says of who may", async () => {
    const t = await setUp({}, { allow_from: ["U1"], dm_policy: "allowlist", bot_token: "secret" });
    await using _ = await t.open();
    t.say("U1", { id: "7" });
    t.say("U2", { id: "8", kind: "group", addressed: false });
    expect(t.received).toEqual([
      { id: "7", conversation: "C01", sender: { id: "U1" }, text: "hi" },
      { id: "8", conversation: "C01", sender: { id: "U2" }, text: "hi", group: { id: "C01", addressed: false } },
    ]);
    expect(t.policies).toEqual([
      {
        allow_from: ["U1"],
        dm_policy: "allowlist",
        dm_scope: "per_peer",
        groups: { "*": { require_mention: true, allow_from: [] } },
        agent: "main",
        guest_tools: [],
        stream: true,
      },
    ]);
  });

  test("shows buttons where the manifest says so, and says in the conversation what came of one", async () => {
    const t = await setUp();
    await using channel = await t.open();
    const buttons = [[{ label: "Once", value: "ap:o:1" }]];
    await channel.send("C01", "Allow it?", { buttons });
    const press = { channel: "chat", conversation: "C01", sender: "U1", value: "ap:o:1" };
    for (const bad of [{ channel: "other" }, { sender: 7 }, { value: "x".repeat(65) }, { conversation: "" }]) {
      t.plugin.notify("channel.pressed", { ...press, ...bad });
    }
    t.plugin.notify("channel.pressed", press);
    await until(() => t.plugin.calls.length > 2);
    expect(t.plugin.calls.slice(1)).toEqual([
      { handler: "send", args: { channel: "chat", conversation: "C01", text: "Allow it?", buttons } },
      { handler: "send", args: { channel: "chat", conversation: "C01", text: "pressed ap:o:1 by U1" } },
    ]);
  });

  test("tells who wrote what could not be kept", async () => {
    const t = await setUp();
    await using _ = await t.open();
    t.say("U1", { text: "bad" });
    await until(() => t.plugin.calls.length > 1);
    expect(t.plugin.calls.at(-1)).toEqual({
      handler: "send",
      args: { channel: "chat", conversation: "C01", text: "I could not take this: Disk is full" },
    });
  });

  test("drops what is no message, and what no person writes so fast", async () => {
    const t = await setUp();
    await using _ = await t.open();
    t.say("U1", { text: 7 });
    t.plugin.notify("channel.message", { channel: "other", conversation: "C01", sender: "U1", text: "hi" });
    t.plugin.notify("service.failed", { channel: "chat", conversation: "C01", sender: "U1", text: "hi" });
    expect(t.received).toEqual([]);
    for (let index = 0; index < 100; index++) t.say("U1");
    expect(t.received.length).toBeLessThan(30);
    expect(new Set(t.entries.map(({ message }) => message))).toEqual(
      new Set(["message of a plugin is not valid", "message dropped: too many of them"]),
    );
  });

  test("hears nothing any more once it is closed", async () => {
    const t = await setUp();
    const channel = await t.open();
    await channel[Symbol.asyncDispose]();
    t.say("U1");
    expect(t.received).toEqual([]);
  });

  test("breaks when its process ended, and then has nothing to disconnect", async () => {
    const t = await setUp();
    const channel = await t.open();
    t.plugin.exit("killed");
    expect((await channel.broken)?.message).toBe('Channel "chat" is closed: the plugin ended: killed');
    await channel[Symbol.asyncDispose]();
    expect(t.plugin.calls.map(({ handler }) => handler)).toEqual(["connect"]);
  });

  test("breaks when the plugin says that its connection did", async () => {
    const t = await setUp();
    await using channel = await t.open();
    t.plugin.notify("channel.closed", { channel: "other" });
    t.plugin.notify("channel.closed", { channel: "chat", message: "token was revoked" });
    expect((await channel.broken)?.message).toBe('Channel "chat" is closed: token was revoked');
  });

  test("that cannot connect says why, and hears nothing", async () => {
    const t = await setUp({ connect: () => Promise.reject(handlerError("Bad token")) });
    expect((await refusal(() => t.open())).message).toBe("Bad token");
    t.say("U1");
    expect(t.received).toEqual([]);
    expect(t.plugin.calls).toHaveLength(1);
  });

  test("gives up connecting when it is to stop, and disconnects what may be half connected", async () => {
    const t = await setUp({ connect: () => new Promise(() => undefined) });
    const opened = refusal(() => t.open());
    t.stop.abort();
    expect((await opened).reason).toBe("cancelled");
    expect(t.plugin.calls.map(({ handler }) => handler)).toEqual(["connect", "disconnect"]);
  });

  test("takes what the plugin returns for a message that was sent as its id, or as none", async () => {
    for (const [answer, id] of [
      [{ id: "x" }, "x"],
      [undefined, ""],
      ["x", ""],
      [{ id: 7 }, ""],
    ] as const) {
      const t = await setUp({ send: () => answer });
      await using channel = await t.open();
      expect(await channel.send("C01", "hello")).toEqual({ id });
    }
    const t = await setUp({ send: () => Promise.reject(new AlephError("not_found", "No conversation")) });
    await using channel = await t.open();
    expect((await refusal(() => channel.send("C01", "hello"))).reason).toBe("not_found");
  });

  test("sends files, all together no more than get there", async () => {
    const t = await setUp({}, undefined, { files: true });
    expect(t.channel.capabilities.files).toBe(true);
    await using channel = await t.open();
    const file = (size: number) => ({ name: "a.bin", type: "text/plain", load: async () => new Uint8Array(size) });
    await channel.send("C01", "", { files: [file(3)] });
    expect(t.plugin.calls.at(-1)).toEqual({
      handler: "send",
      args: {
        channel: "chat",
        conversation: "C01",
        text: "",
        files: [{ name: "a.bin", type: "text/plain", data: "AAAA" }],
      },
    });
    const count = t.plugin.calls.length;
    expect((await refusal(() => channel.send("C01", "", { files: [file(9_000_000), file(9_000_000)] }))).reason).toBe(
      "payload_too_large",
    );
    expect(t.plugin.calls).toHaveLength(count);
  });

  test("does not try again what the plugin says its place will never take", async () => {
    const t = await setUp({ send: () => ({ refused: "The room is archived" }) });
    await using channel = await t.open();
    expect(await refusal(() => channel.send("C01", "hello"))).toMatchObject({
      reason: "invalid_params",
      message: "The room is archived",
    });
  });

  test("brings the files of a message when they are wanted, piece by piece", async () => {
    const t = await setUp(
      {
        async *load({ file }: { file: string }) {
          if (file === "bad") yield 7;
          if (file === "large") for (let piece = 0; piece < 41; piece++) yield "A".repeat(666_668);
          yield btoa("first ");
          yield btoa(file);
        },
      },
      undefined,
      { loadHandler: "load" },
    );
    await using _ = await t.open();
    t.say("U1", { files: ["F1", "bad", "large"].map((id) => ({ id, name: `${id}.txt` })) });
    const [fine, bad, large] = t.received[0]!.files!;
    const { signal } = new AbortController();
    expect(new TextDecoder().decode(await fine!.load(signal))).toBe("first F1");
    expect((await refusal(() => bad!.load(signal))).reason).toBe("plugin_error");
    expect((await refusal(() => large!.load(signal))).reason).toBe("payload_too_large");
    expect(t.plugin.calls[1]).toEqual({ handler: "load", args: { channel: "chat", file: "F1" } });
  });

  test("says that it has no files where its plugin gives none", async () => {
    const t = await setUp();
    await using _ = await t.open();
    t.say("U1", { files: [{ id: "F1", name: "a.txt" }] });
    const load = t.received[0]!.files![0]!.load(new AbortController().signal);
    expect((await refusal(() => load)).message).toBe("The plugin gives no files");
  });

  test("has a second account where its plugin tells them apart, and else says that it has one", async () => {
    const alone = await setUp();
    expect(await refusal(() => alone.open("work"))).toMatchObject({
      reason: "config_invalid",
      message: 'Channel "chat" has one account alone',
      data: { hint: "Use the table [interfaces.chat]" },
    });
    expect(alone.plugin.calls).toEqual([]);
    const t = await setUp({}, undefined, { accounts: true });
    await using first = await t.open();
    await using second = await t.open("work");
    await first.send("C01", "one");
    await second.send("C01", "two");
    t.say("U1", { account: "work" });
    t.say("U1", {});
    expect(t.received).toHaveLength(1);
    expect(t.plugin.calls.map(({ args }) => (args as { account?: string }).account)).toEqual([
      "chat",
      "work",
      "chat",
      "work",
    ]);
    t.plugin.notify("channel.closed", { channel: "chat", account: "work", message: "revoked" });
    expect((await second.broken)?.message).toBe('Channel "chat" is closed: revoked');
  });

  test("changes messages, types and reacts where its manifest names who does, and says so", async () => {
    const done = () => undefined;
    const t = await setUp({ edit: done, typing: done, react: done }, undefined, {
      editHandler: "edit",
      typingHandler: "typing",
      reactHandler: "react",
      messageLimit: 3000,
      editMs: 1500,
    });
    expect([t.channel.capabilities, t.channel.limits]).toEqual([
      { edit: true, react: true, typing: true, files: false, threads: false, buttons: false },
      { message: 3000, edit_ms: 1500 },
    ]);
    await using channel = await t.open();
    const buttons = [[{ label: "Once", value: "ap:o:1" }]];
    await channel.send("C01", "Hel", { grows: true, key: "k", replyTo: "7" });
    await channel.edit!("C01", "m1", "Hello");
    await channel.edit!("C01", "m1", "Hello", { buttons });
    await channel.typing!("C01");
    await channel.react!("C01", "7", "👀");
    await channel.react!("C01", "7", null);
    const place = { channel: "chat", conversation: "C01" };
    expect(t.plugin.calls.slice(1)).toEqual([
      { handler: "send", args: { ...place, text: "Hel", grows: true } },
      { handler: "edit", args: { ...place, id: "m1", text: "Hello" } },
      { handler: "edit", args: { ...place, id: "m1", text: "Hello", buttons } },
      { handler: "typing", args: place },
      { handler: "react", args: { ...place, id: "7", emoji: "👀" } },
      { handler: "react", args: { ...place, id: "7", emoji: null } },
    ]);
  });

  test("can do none of it where its manifest names nobody", async () => {
    const t = await setUp();
    expect([t.channel.capabilities, t.channel.limits]).toEqual([
      { edit: false, react: false, typing: false, files: false, threads: false, buttons: false },
      { message: 100_000 },
    ]);
    await using channel = await t.open();
    expect([channel.edit, channel.typing, channel.react]).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    [{ refused: "too long" }, { reason: "invalid_params", message: "too long" }],
    [{ gone: true }, { reason: "not_found" }],
    [{ retry_after_ms: 7000 }, { reason: "rate_limited", data: { retry_after_ms: 7000 } }],
    [{ retry_after_ms: 1e12 }, { reason: "rate_limited", data: { retry_after_ms: 3_600_000 } }],
  ])("passes on that the plugin says %p", async (answer, expected) => {
    const says = () => answer;
    const handlers = { send: says, edit: says, react: says };
    const t = await setUp(handlers, undefined, { editHandler: "edit", reactHandler: "react" });
    await using channel = await t.open();
    expect(await refusal(() => channel.send("C01", "hi"))).toMatchObject(expected);
    expect(await refusal(() => channel.edit!("C01", "m1", "hi"))).toMatchObject(expected);
    expect(await refusal(() => channel.react!("C01", "m1", null))).toMatchObject(expected);
  });

  test("says in the message itself what came of its buttons, and in the conversation when that cannot be", async () => {
    let isGone = false;
    const t = await setUp({ edit: () => (isGone ? { gone: true } : undefined) }, undefined, { editHandler: "edit" });
    await using _ = await t.open();
    const press = { channel: "chat", conversation: "C01", sender: "U1", value: "ap:o:1", id: "m1", text: "Allow it?" };
    t.plugin.notify("channel.pressed", press);
    const said = "pressed ap:o:1 by U1";
    const edit = {
      handler: "edit",
      args: { channel: "chat", conversation: "C01", id: "m1", text: `Allow it?\n\n${said}` },
    };
    const send = { handler: "send", args: { channel: "chat", conversation: "C01", text: said } };
    await until(() => t.plugin.calls.length === 2);
    isGone = true;
    t.plugin.notify("channel.pressed", press);
    await until(() => t.plugin.calls.length === 4);
    // What names no message, or what it says in no text, is as before.
    for (const bad of [{ id: 7 }, { text: undefined }, { id: "x".repeat(513) }]) {
      t.plugin.notify("channel.pressed", { ...press, ...bad });
    }
    await until(() => t.plugin.calls.length === 7);
    expect(t.plugin.calls.slice(1)).toEqual([edit, edit, send, send, send, send]);
  });
});
