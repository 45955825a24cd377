import { describe, expect, test } from "bun:test";
import { Services } from "../../src/plugin/services.ts";
import type { PluginService } from "../../src/sdk/plugin.ts";
import { testPlugin } from "../support/active-plugin.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

function serviceOf(name: string, autoStart = false): PluginService {
  return { name, description: name, startHandler: "begin", stopHandler: "end", autoStart };
}

function pluginOf(id: string, ...services: PluginService[]) {
  return testPlugin({ manifest: { id, services }, handlers: { begin: () => undefined, end: () => undefined } });
}

function setUp(autoStart = true) {
  const topics: string[] = [];
  const services = new Services({
    bus: { publish: (topic, data) => topics.push(`${topic} ${(data as { service: string }).service}`) },
    log: testLog().log,
    now: () => 0,
    monotonic: () => 0,
    autoStart,
    wait: async () => undefined,
  });
  return {
    services,
    topics,
    states: () => services.list().map(({ plugin_id, name, state }) => `${plugin_id}/${name} ${state}`),
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  };
}

describe("Services", () => {
  test("starts what starts by itself, and nothing in a core that does not listen", async () => {
    await using t = setUp();
    await t.services.follow([pluginOf("b", serviceOf("watch", true), serviceOf("sync"))]);
    await until(() => t.states().includes("b/watch running"));
    expect(t.states()).toEqual(["b/sync stopped", "b/watch running"]);

    await using quiet = setUp(false);
    await quiet.services.follow([pluginOf("b", serviceOf("watch", true))]);
    expect(quiet.states()).toEqual(["b/watch stopped"]);
  });

  test("finds a service by its name with the plugin's, or alone where only one has it", async () => {
    await using t = setUp();
    await t.services.follow([pluginOf("a", serviceOf("sync")), pluginOf("b", serviceOf("sync"), serviceOf("watch"))]);
    expect((await t.services.start("b/sync")).plugin_id).toBe("b");
    expect((await t.services.start("watch")).state).toBe("running");
    expect((await t.services.stop("watch")).state).toBe("stopped");
    expect(t.services.status("a/sync").state).toBe("stopped");
    expect(await refusal(() => t.services.status("sync"))).toEqual({
      reason: "conflict",
      message: 'Several plugins have a service "sync"',
      data: { hint: "Say which: a/sync, b/sync" },
    });
    expect(await refusal(() => t.services.start("wacth"))).toEqual({
      reason: "not_found",
      message: 'No service "wacth"',
      data: { hint: 'Did you mean "watch"?' },
    });
  });

  test("stops the services of a plugin that went, before it says that it is done", async () => {
    await using t = setUp();
    const plugin = pluginOf("a", serviceOf("watch", true));
    await t.services.follow([plugin]);
    await until(() => t.topics.includes("service.started watch"));
    await t.services.follow([]);
    expect([t.states(), t.topics.at(-1)]).toEqual([[], "service.stopped watch"]);
    expect(plugin.calls.map(({ handler }) => handler)).toEqual(["begin", "end"]);
  });

  test("goes on with what ran when a plugin is replaced, whatever its manifest says of the start", async () => {
    await using t = setUp();
    await t.services.follow([pluginOf("a", serviceOf("watch", true), serviceOf("sync"))]);
    await until(() => t.states().includes("a/watch running"));
    await t.services.start("sync");
    await t.services.stop("watch");
    const next = pluginOf("a", serviceOf("watch", true), serviceOf("sync"));
    await t.services.follow([next]);
    await until(() => t.states().includes("a/sync running"));
    expect(t.states()).toEqual(["a/sync running", "a/watch stopped"]);
    expect(next.calls).toHaveLength(1);
  });

  test("starts services again whose process ended, or which say that they failed", async () => {
    await using t = setUp();
    const plugin = pluginOf("a", serviceOf("watch", true), serviceOf("sync", true));
    await t.services.follow([plugin]);
    await until(() => t.topics.length === 2);
    plugin.exit("killed");
    await until(() => t.topics.length === 6);
    expect(t.topics.slice(2).toSorted()).toEqual([
      "service.failed sync",
      "service.failed watch",
      "service.started sync",
      "service.started watch",
    ]);
    plugin.notify("service.failed", { service: "sync", message: "lost its lock" });
    plugin.notify("service.failed", { service: "other" });
    plugin.notify("service.failed", "sync");
    plugin.notify("service.stopped", { service: "watch" });
    await until(() => t.topics.length === 8);
    expect(t.topics.slice(6)).toEqual(["service.failed sync", "service.started sync"]);
  });

  test("stops all of them when it is disposed, and starts none any more", async () => {
    const t = setUp();
    const plugin = pluginOf("a", serviceOf("watch", true));
    await t.services.follow([plugin]);
    await until(() => t.topics.length === 1);
    await t[Symbol.asyncDispose]();
    await t.services.follow([pluginOf("b", serviceOf("watch", true))]);
    expect([plugin.calls.length, t.states()]).toEqual([2, []]);
  });
});
