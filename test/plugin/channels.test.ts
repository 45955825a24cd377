import { expect, test } from "bun:test";
import { createPluginChannels } from "../../src/plugin/channels.ts";
import type { Subscriber } from "../../src/sdk/bus.ts";
import type { PluginChannel } from "../../src/sdk/plugin.ts";
import { testPlugin } from "../support/active-plugin.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const channel = (name: string): PluginChannel => ({
  name,
  description: name,
  connectHandler: "connect",
  disconnectHandler: "disconnect",
  sendHandler: "send",
});

const pluginOf = (id: string, ...names: string[]) =>
  testPlugin({
    manifest: { id, channels: names.map(channel) },
    handlers: { connect: () => undefined, disconnect: () => undefined, send: () => undefined },
  });

const bus = { attach: () => ({ [Symbol.dispose]() {} }) };

test("createPluginChannels gives a built-in channel's name to nobody, and a plugin's to the first", () => {
  const { log, entries } = testLog();
  const channels = createPluginChannels({ bus, log, builtIn: ["webchat"] });
  const loaders = channels.follow([pluginOf("a", "slack", "webchat"), pluginOf("b", "slack", "irc")]);
  expect(Object.keys(loaders)).toEqual(["slack", "irc"]);
  expect(channels.get("slack")?.plugin.manifest.id).toBe("a");
  expect(entries.map(({ fields }) => fields)).toEqual([
    { plugin: "a", part: "channel", name: "webchat", owner: "the server" },
    { plugin: "b", part: "channel", name: "slack", owner: "a" },
  ]);
});

test("createPluginChannels gives the same loader as long as the plugin is the same", async () => {
  const channels = createPluginChannels({ bus, log: testLog().log, builtIn: [] });
  const plugin = pluginOf("a", "slack");
  const { slack } = channels.follow([plugin]);
  expect(channels.follow([plugin, pluginOf("b", "irc")]).slack).toBe(slack!);
  expect(channels.follow([pluginOf("a", "slack")]).slack).not.toBe(slack!);
  expect(channels.follow([])).toEqual({});
});

test("createPluginChannels sends the answer over the version of the plugin that is there then", async () => {
  const subscribers: Subscriber[] = [];
  const attach = (subscriber: Subscriber) => {
    subscribers.push(subscriber);
    return { [Symbol.dispose]() {} };
  };
  const channels = createPluginChannels({ bus: { attach }, log: testLog().log, builtIn: [] });
  const [first, second] = [pluginOf("a", "slack"), pluginOf("a", "slack")];
  const old = await channels.follow([first]).slack!();
  const host = {
    log: testLog().log,
    signal: new AbortController().signal,
    receive: async () => ({ runId: "run_1" }),
    refused: () => undefined,
  };
  await using opened = await old.open({}, { allow_from: ["U1"] }, host);
  first.notify("channel.message", { channel: "slack", conversation: "C01", sender: "U1", text: "hi" });
  await until(() => subscribers.length === 1);
  await opened[Symbol.asyncDispose]();
  channels.follow([second]);
  const session_key = "agent:main:slack:dm:C01";
  const data = { run_id: "run_1", session_key, text: "hello", steps: 1, duration_ms: 1 } as never;
  subscribers[0]!.deliver({
    event: { topic: "agent.completed", seq: 1, ts: 0, data },
    sessionKey: session_key,
    frame: "",
  });
  await until(() => second.calls.length === 1);
  expect(second.calls).toEqual([{ handler: "send", args: { channel: "slack", conversation: "C01", text: "hello" } }]);
});
