import { describe, expect, test } from "bun:test";
import { Service } from "../../src/plugin/service.ts";
import type { WireService } from "../../src/protocol/service.ts";
import type { PluginCall } from "../../src/sdk/runtime.ts";
import { handlerError, testPlugin } from "../support/active-plugin.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

type Handler = (args: never, call: PluginCall) => unknown;

function setUp({ startSync = () => undefined, stopSync = () => undefined }: Record<string, Handler> = {}) {
  const plugin = testPlugin({ manifest: { id: "acme" }, handlers: { startSync, stopSync } });
  const events: unknown[][] = [];
  const waits: { ms: number; go(): void }[] = [];
  const clock = { now: 1000 };
  const service = new Service({
    plugin,
    service: {
      name: "sync",
      description: "Syncs",
      startHandler: "startSync",
      stopHandler: "stopSync",
      autoStart: true,
    },
    bus: { publish: (topic, data) => events.push([topic, data]) },
    log: testLog().log,
    now: () => clock.now,
    monotonic: () => clock.now,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        waits.push({ ms, go: resolve });
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
  });
  return { service, plugin, events, waits, clock };
}

const ABOUT = { plugin_id: "acme", service: "sync" };
const crashed = (reason: string) => ({ reason: "plugin_error", message: `Service "sync" ended: ${reason}` });

describe("Service", () => {
  test("goes from stopped over starting to running and over stopping to stopped, and tells when", async () => {
    const seen: WireService["state"][] = [];
    const t = setUp({
      startSync: () => seen.push(t.service.status.state),
      stopSync: () => seen.push(t.service.status.state),
    });
    const about = { name: "sync", plugin_id: "acme", description: "Syncs", auto_start: true, restart_at: null };
    expect(t.service.status).toEqual({ ...about, state: "stopped", error: null, since: 1000 });
    t.clock.now = 2000;
    await t.service.start();
    expect(t.service.status).toEqual({ ...about, state: "running", error: null, since: 2000 });
    t.clock.now = 3000;
    await t.service.stop();
    expect(t.service.status).toEqual({ ...about, state: "stopped", error: null, since: 3000 });
    expect(seen).toEqual(["starting", "stopping"]);
    expect(t.events).toEqual([
      ["service.started", ABOUT],
      ["service.stopped", ABOUT],
    ]);
    expect(t.plugin.calls).toEqual([
      { handler: "startSync", args: { service: "sync" } },
      { handler: "stopSync", args: { service: "sync" } },
    ]);
  });

  test("refuses what its state does not allow, and names the state", async () => {
    const starting = Promise.withResolvers<void>();
    const stopping = Promise.withResolvers<void>();
    const t = setUp({ startSync: () => starting.promise, stopSync: () => stopping.promise });
    const refused = async (action: "start" | "stop") => (await refusal(() => t.service[action]())).data;
    expect(await refusal(() => t.service.stop())).toEqual({
      reason: "conflict",
      message: 'Service "sync" is stopped: it cannot stop now',
      data: { state: "stopped" },
    });
    const started = t.service.start();
    expect([await refused("start"), await refused("stop")]).toEqual([{ state: "starting" }, { state: "starting" }]);
    starting.resolve();
    await started;
    expect(await refused("start")).toEqual({ state: "running" });
    const stopped = t.service.stop();
    expect([await refused("start"), await refused("stop")]).toEqual([{ state: "stopping" }, { state: "stopping" }]);
    stopping.resolve();
    await stopped;
    expect(t.plugin.calls).toHaveLength(2);
  });

  test("started by hand stays stopped when its handler throws, and tells the caller why", async () => {
    const t = setUp({ startSync: () => Promise.reject(handlerError("No disk")) });
    expect((await refusal(() => t.service.start())).message).toBe("No disk");
    const error = { reason: "plugin_error", message: "No disk" };
    expect(t.service.status).toMatchObject({ state: "stopped", error, restart_at: null });
    expect(t.events).toEqual([["service.failed", { ...ABOUT, error, retry_in_ms: null }]]);
    expect(t.waits).toEqual([]);
  });

  test("that starts by itself is tried again, later each time, until it runs", async () => {
    let failures = 3;
    const t = setUp({
      startSync: () => {
        if (failures-- > 0) throw handlerError("Not yet");
      },
    });
    await t.service.keepRunning();
    for (const [index, ms] of [1000, 2000, 4000].entries()) {
      expect(t.service.status).toMatchObject({ state: "stopped", restart_at: t.clock.now + ms });
      expect(t.waits[index]!.ms).toBe(ms);
      t.waits[index]!.go();
      await until(() => t.waits.length > index + 1 || t.service.status.state === "running");
    }
    expect(t.service.status).toMatchObject({ state: "running", error: null, restart_at: null });
    expect(t.events.map(([topic]) => topic)).toEqual([
      "service.failed",
      "service.failed",
      "service.failed",
      "service.started",
    ]);
  });

  test("is started again when its process ended, soon when it ran well for a minute", async () => {
    const t = setUp();
    await t.service.start();
    t.service.ended("killed");
    expect(t.service.status).toMatchObject({ state: "stopped", error: crashed("killed"), restart_at: 2000 });
    expect(t.events.at(-1)).toEqual(["service.failed", { ...ABOUT, error: crashed("killed"), retry_in_ms: 1000 }]);
    t.waits[0]!.go();
    await until(() => t.service.status.state === "running");
    t.service.ended("killed");
    expect(t.waits[1]!.ms).toBe(2000);
    t.waits[1]!.go();
    await until(() => t.service.status.state === "running");
    t.clock.now += 60_000;
    t.service.ended("killed");
    expect(t.waits[2]!.ms).toBe(1000);
  });

  test("that waits for its restart can be stopped, or started at once", async () => {
    const t = setUp();
    await t.service.start();
    t.service.ended("killed");
    await t.service.stop();
    expect(t.service.status).toMatchObject({ state: "stopped", restart_at: null });
    await t.service.start();
    t.service.ended("killed");
    await t.service.start();
    expect(t.service.status).toMatchObject({ state: "running", restart_at: null });
    expect(t.plugin.calls.map(({ handler }) => handler)).toEqual(["startSync", "startSync", "startSync"]);
  });

  test("is stopped also when its handler throws, and keeps the reason", async () => {
    const t = setUp({ stopSync: () => Promise.reject(handlerError("Busy")) });
    await t.service.start();
    expect((await refusal(() => t.service.stop())).message).toBe("Busy");
    expect(t.service.status).toMatchObject({ state: "stopped", error: { reason: "plugin_error", message: "Busy" } });
    expect(t.events.at(-1)).toEqual(["service.stopped", ABOUT]);
  });

  test("closes whatever it does: it stops what runs, gives up what starts, and is not started any more", async () => {
    const running = setUp();
    await running.service.start();
    await running.service.close();
    expect(running.service.status.state).toBe("stopped");
    expect((await refusal(() => running.service.start())).reason).toBe("not_found");

    const starting = setUp({ startSync: () => new Promise(() => undefined) });
    const started = refusal(() => starting.service.start());
    await starting.service.close();
    expect([starting.service.status.state, (await started).reason]).toEqual(["stopped", "cancelled"]);
    expect(starting.plugin.calls).toHaveLength(1);

    const waiting = setUp();
    await waiting.service.start();
    waiting.service.ended("killed");
    await waiting.service.close();
    await waiting.service.keepRunning();
    expect(waiting.plugin.calls).toHaveLength(1);
  });
});
