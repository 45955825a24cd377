import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openBus } from "../src/bus/bus.ts";
import { Interfaces } from "../src/channel/interfaces.ts";
import { PluginParts } from "../src/plugin-parts.ts";
import { providers } from "../src/providers/index.ts";
import { Protocols } from "../src/providers/protocols.ts";
import type { ActivePlugin } from "../src/sdk/plugin.ts";
import { openStore } from "../src/store/store.ts";
import { testPlugin, testPlugins } from "./support/active-plugin.ts";
import { refusal } from "./support/config.ts";
import { testFolder } from "./support/folder.ts";
import { testLog } from "./support/log.ts";
import { until } from "./support/until.ts";

const handlers = {
  begin: () => undefined,
  end: () => undefined,
  connect: () => undefined,
  disconnect: () => undefined,
  send: () => ({ id: "m1" }),
  list: () => ({ models: ["m"] }),
};

/** It has one of everything. */
const full = (id = "acme") =>
  testPlugin({
    manifest: {
      id,
      services: [{ name: "watch", description: "", startHandler: "begin", stopHandler: "end", autoStart: true }],
      channels: [
        {
          name: "chat",
          description: "",
          connectHandler: "connect",
          disconnectHandler: "disconnect",
          sendHandler: "send",
          buttons: false,
        },
      ],
      providers: [{ name: "llama", description: "", listModelsHandler: "list", chatHandler: "chat" }],
      httpRoutes: [{ method: "GET", path: "/open", handler: "list", auth: "public" }],
    },
    handlers,
  });

async function setUp(first: readonly ActivePlugin[], listen = true) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const { log, entries } = testLog();
  const store = stack.use(openStore(":memory:", { log }));
  const bus = stack.use(openBus({ store, log, now: () => 0 }));
  const topics: string[] = [];
  bus.attach({ deliver: ({ event }) => topics.push(event.topic) });
  const plugins = testPlugins(first);
  const protocols = new Protocols({ folder: join(folder.path, "protocols"), builtIn: providers, log });
  const interfaces = stack.use(
    new Interfaces({
      channels: {},
      needs: {},
      config: () => ({ interfaces: { chat: { allow_from: ["U1"] } } }),
      resolveSecret: async (value) => value,
      chats: async () => ({
        join: () => ({
          receive: async () => ({ taken: true }),
          press: async () => ({ text: "", settled: true }),
          knows: () => true,
        }),
      }),
      bus,
      log,
    }),
  );
  const parts = stack.use(
    new PluginParts({
      plugins,
      protocols,
      interfaces,
      builtIn: { channels: [], providers: Object.keys(providers) },
      bus,
      log,
      now: () => 0,
      monotonic: () => 0,
      rate: () => 0,
      listen,
    }),
  );
  if (listen) await interfaces.apply();
  const owned = stack.move();
  return {
    parts,
    plugins,
    protocols,
    interfaces,
    topics,
    entries,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const ask = (parts: PluginParts) =>
  parts.routes().then((routes) =>
    routes.answer({
      request: new Request("http://127.0.0.1/plugins/acme/open"),
      address: "127.0.0.1",
      authenticate() {
        throw new Error("nobody asked for a token");
      },
    }),
  );

describe("PluginParts", () => {
  test("takes all that a plugin brings, and gives it back when the plugin goes", async () => {
    await using t = await setUp([full()]);
    t.parts.start();
    await until(() => t.topics.includes("service.started") && t.topics.includes("interface.started"));
    expect((await t.parts.services()).status("watch").state).toBe("running");
    expect((await t.interfaces.send("chat", "C01", "hi")).id).toBe("m1");
    expect(await t.parts.providerNames()).toEqual(["llama"]);
    expect((await ask(t.parts)).status).toBe(200);

    await t.plugins.set([]);
    expect(t.topics.slice(2).toSorted()).toEqual(["interface.stopped", "service.stopped"]);
    expect((await t.parts.services()).list()).toEqual([]);
    expect((await refusal(() => t.interfaces.status("chat"))).reason).toBe("not_found");
    expect(await t.parts.providerNames()).toEqual([]);
    expect(Object.keys(t.protocols.types)).toEqual(Object.keys(providers));
    expect(ask(t.parts)).rejects.toThrow("nobody asked for a token");
  });

  test("hands what ran to the version that takes a plugin's place", async () => {
    const [first, second] = [full(), full()];
    await using t = await setUp([first]);
    t.parts.start();
    await until(() => t.topics.length === 2);
    await t.plugins.set([second]);
    await until(() => t.topics.length === 6);
    const called = (plugin: typeof first) => plugin.calls.map(({ handler }) => handler).toSorted();
    expect([called(first), called(second)]).toEqual([
      ["begin", "connect", "disconnect", "end"],
      ["begin", "connect"],
    ]);
  });

  test("runs nothing by itself in a core that does not listen, and has providers there too", async () => {
    const plugin = full();
    await using t = await setUp([plugin], false);
    expect(await t.parts.providerNames()).toEqual(["llama"]);
    expect((await t.parts.services()).status("watch").state).toBe("stopped");
    expect(plugin.calls).toEqual([]);
    expect((await (await t.parts.services()).start("watch")).state).toBe("running");
  });

  test("stops the services when it is disposed, and takes nothing any more", async () => {
    const [first, second] = [full(), full("other")];
    const t = await setUp([first]);
    t.parts.start();
    await until(() => t.topics.length === 2);
    await t[Symbol.asyncDispose]();
    await t.plugins.set([second]);
    expect(first.calls.map(({ handler }) => handler).toSorted()).toEqual(["begin", "connect", "disconnect", "end"]);
    expect(second.calls).toEqual([]);
  });

  test("says so when the plugins cannot be known, and goes on", async () => {
    await using t = await setUp([]);
    const current = t.plugins.current;
    t.plugins.current = () => Promise.reject(new Error("no folder"));
    t.parts.start();
    await until(() => t.entries.some(({ message }) => message === "what plugins bring could not be taken"));
    t.plugins.current = current;
    await t.plugins.set([full()]);
    await until(() => t.topics.includes("service.started"));
  });
});
