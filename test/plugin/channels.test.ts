import { expect, test } from "bun:test";
import { createPluginChannels } from "../../src/plugin/channels.ts";
import type { PluginChannel } from "../../src/sdk/plugin.ts";
import { testPlugin } from "../support/active-plugin.ts";
import { testLog } from "../support/log.ts";

const channel = (name: string): PluginChannel => ({
  name,
  description: name,
  connectHandler: "connect",
  disconnectHandler: "disconnect",
  sendHandler: "send",
  buttons: false,
});

const pluginOf = (id: string, ...names: string[]) =>
  testPlugin({
    manifest: { id, channels: names.map(channel) },
    handlers: { connect: () => undefined, disconnect: () => undefined, send: () => undefined },
  });

test("createPluginChannels gives a built-in channel's name to nobody, and a plugin's to the first", () => {
  const { log, entries } = testLog();
  const channels = createPluginChannels({ log, builtIn: ["webchat"] });
  const loaders = channels.follow([pluginOf("a", "slack", "webchat"), pluginOf("b", "slack", "irc")]);
  expect(Object.keys(loaders)).toEqual(["slack", "irc"]);
  expect(channels.get("slack")?.plugin.manifest.id).toBe("a");
  expect(entries.map(({ fields }) => fields)).toEqual([
    { plugin: "a", part: "channel", name: "webchat", owner: "the server" },
    { plugin: "b", part: "channel", name: "slack", owner: "a" },
  ]);
});

test("createPluginChannels gives the same loader as long as the plugin is the same", async () => {
  const channels = createPluginChannels({ log: testLog().log, builtIn: [] });
  const plugin = pluginOf("a", "slack");
  const { slack } = channels.follow([plugin]);
  expect(channels.follow([plugin, pluginOf("b", "irc")]).slack).toBe(slack!);
  expect(channels.follow([pluginOf("a", "slack")]).slack).not.toBe(slack!);
  expect(channels.follow([])).toEqual({});
});
