import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createPlugins, type ShownPlugin } from "../../../src/panel/state/plugins.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";

const plugin = { id: "a", sha256: "f".repeat(64), status: "pending" } as ShownPlugin;
const event = (topic: string, data = {}) => ({ topic, data }) as unknown as EventFrame;

/** Answers as the server does, and remembers what was asked. */
function server() {
  const asked: unknown[] = [];
  let trouble: unknown;
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    if (trouble) throw trouble;
    switch (method) {
      case "plugins.list":
        return {
          plugins: [plugin],
          folders: [
            { path: "/p", source: "user", trusted: true },
            { path: "/w/plugins", source: "project", trusted: false },
          ],
        };
      case "plugins.get":
        return { ...plugin, denials: [{ kind: "env", target: "HOME" }] };
      case "plugins.logs":
        return { entries: [{ message: "hello" }] };
      default:
        return plugin;
    }
  }) as unknown as Call;
  return {
    call,
    takeAsked: () => asked.splice(0),
    fail(thrown: unknown) {
      trouble = thrown;
    },
  };
}

test("the plugins are read with the folders that nobody trusts, and anew when one changed", async () => {
  const { call, takeAsked } = server();
  const plugins = createPlugins(call);
  plugins.handle(event("plugin.loaded"));
  expect([takeAsked(), plugins.waiting.value]).toEqual([[], 0]);
  await plugins.load();
  expect([
    plugins.list.value,
    plugins.untrusted.value,
    plugins.waiting.value,
    plugins.phase.value.kind,
  ] as unknown).toEqual([[plugin], ["/w/plugins"], 1, "ready"]);
  takeAsked();
  plugins.handle(event("session.updated"));
  plugins.handle(event("plugin.loaded"));
  // What changes while the answer is on its way is not missed.
  plugins.handle(event("plugin.error"));
  await plugins.load();
  expect(takeAsked().length).toBeGreaterThan(1);
});

test("the plugins are read at once when one begins to wait", async () => {
  const { call } = server();
  const plugins = createPlugins(call);
  plugins.handle(event("plugin.status", { plugin_id: "a", status: "pending" }));
  await plugins.load();
  expect(plugins.waiting.value).toBe(1);
});

test("an approval is of the files that are shown", async () => {
  const { call, takeAsked } = server();
  const plugins = createPlugins(call);
  for (const act of ["approve", "enable", "disable", "reload", "develop", "settle"] as const)
    await plugins.act(plugin, act);
  await plugins.trust("/w");
  expect(takeAsked().filter((one) => (one as string[])[0] !== "plugins.list")).toEqual([
    ["plugins.approve", { id: "a", sha256: plugin.sha256 }],
    ["plugins.enable", { id: "a" }],
    ["plugins.disable", { id: "a" }],
    ["plugins.reload", { id: "a" }],
    ["plugins.develop", { id: "a", on: true }],
    ["plugins.develop", { id: "a", on: false }],
    ["plugins.trustFolder", { folder: "/w" }],
  ]);
});

test("a refusal reaches whoever acted, and a list that cannot be had says why", async () => {
  const { call, fail } = server();
  const plugins = createPlugins(call);
  fail(new AlephError("conflict", "Changed", { data: { hint: "Look again" } }));
  await expect(plugins.act(plugin, "approve")).rejects.toMatchObject({ reason: "conflict" });
  await plugins.load();
  expect(plugins.phase.value).toEqual({
    kind: "failed",
    trouble: { reason: "conflict", message: "Changed", hint: "Look again" },
  });
});

test("details are what a plugin tried and what it wrote", async () => {
  const { call } = server();
  expect((await createPlugins(call).details("a")) as unknown).toEqual({
    denials: [{ kind: "env", target: "HOME" }],
    log: [{ message: "hello" }],
  });
});
