import { expect, test } from "bun:test";
import { NamedParts } from "../../src/plugin/named-parts.ts";
import type { PluginCommand } from "../../src/sdk/plugin.ts";
import { testPlugin } from "../support/active-plugin.ts";
import { testLog } from "../support/log.ts";

const pluginOf = (id: string, ...names: string[]) =>
  testPlugin({ manifest: { id, commands: names.map((name) => ({ name, description: name, handler: "run" })) } });

function setUp() {
  const { log, entries } = testLog();
  const made: string[] = [];
  const parts = new NamedParts<PluginCommand, string>({
    what: "command",
    partsOf: (manifest) => manifest.commands,
    isTaken: (name) => name === "help",
    async make({ manifest }, { name }) {
      made.push(`${manifest.id}/${name}`);
      return `${manifest.id}/${name}`;
    },
    log,
  });
  return { parts, entries, made };
}

test("NamedParts gives a name to the first plugin that declares it, and none that the server has", async () => {
  const { parts, entries, made } = setUp();
  const loaders = parts.follow([pluginOf("a", "ping", "help"), pluginOf("b", "ping", "pong")]);
  expect([Object.keys(loaders), made]).toEqual([["ping", "pong"], []]);
  expect([await loaders.ping!(), await loaders.ping!(), made]).toEqual(["a/ping", "a/ping", ["a/ping"]]);
  expect([parts.get("pong")?.plugin.manifest.id, parts.get("help")]).toEqual(["b", undefined]);
  expect(entries.map(({ fields }) => fields)).toEqual([
    { plugin: "a", part: "command", name: "help", owner: "the server" },
    { plugin: "b", part: "command", name: "ping", owner: "a" },
  ]);
});

test("NamedParts gives a name on when its plugin goes, and the same loader as long as it stays", () => {
  const { parts } = setUp();
  const [a, b] = [pluginOf("a", "ping"), pluginOf("b", "ping", "pong")];
  const first = parts.follow([a, b]);
  const second = parts.follow([b]);
  expect(second.pong).toBe(first.pong!);
  expect(second.ping).not.toBe(first.ping!);
  expect(parts.follow([pluginOf("b", "pong")]).pong).not.toBe(first.pong!);
});
