import { expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Timer } from "../../src/lib/watch.ts";
import { codeOf, inProcess, pluginHome } from "../support/plugin-home.ts";
import { until } from "../support/until.ts";

/** Everything that waits comes soon; the test counts what became of it. */
const soon: Timer = (ms, run) => {
  const handle = setTimeout(run, Math.min(ms, 20));
  return { [Symbol.dispose]: () => clearTimeout(handle) };
};

const { signal } = new AbortController();

test("Plugins that were started follow what comes, changes and goes by themselves", async () => {
  await using t = await pluginHome({ timer: soon });
  await t.plugins.start();
  const texts = async () => (await t.plugins.current()).flatMap(({ prompts }) => prompts.map(({ text }) => text));
  const path = await t.write("style", { prompt: "Tabs." });
  await until(async () => (await texts())[0] === "Tabs.");
  writeFileSync(join(path, "SKILL.md"), "Blanks.");
  await until(async () => (await texts())[0] === "Blanks.");
  rmSync(join(path, "aleph_plugin.toml"));
  await until(async () => (await texts()).length === 1 && t.events.some(({ topic }) => topic === "plugin.error"));
  rmSync(path, { recursive: true });
  await until(async () => (await texts()).length === 0);
});

test("Plugins of a kind with code are started anew in development when their files changed", async () => {
  const { started, runtimes } = inProcess();
  await using t = await pluginHome({ runtimes, timer: soon });
  const path = await t.write("code", { manifest: codeOf() });
  await t.plugins.approve("code", { by: "owner" });
  await t.plugins.develop("code", true);
  await t.plugins.start();
  const call = async () => (await t.plugins.current())[0]!.call({ handler: "h", args: null, signal });
  expect(await call()).toMatchObject({ version: "1.0.0" });
  // As editors save.
  writeFileSync(join(path, ".new"), codeOf({ version: "1.1.0" }));
  renameSync(join(path, ".new"), join(path, "aleph_plugin.toml"));
  await until(async () => ((await call()) as { version: string }).version === "1.1.0");
  await until(() => started[0]!.isEnded);
});

test("Plugins take no notice of what a plugin writes", async () => {
  const { started, runtimes } = inProcess();
  await using t = await pluginHome({ runtimes, timer: soon });
  const path = await t.write("code", { manifest: codeOf({ more: '[permissions]\nfilesystem = ["write:./output"]' }) });
  await t.plugins.approve("code", { by: "owner" });
  await t.plugins.start();
  await (await t.plugins.current())[0]!.call({ handler: "h", args: null, signal });
  writeFileSync(join(path, "output", "x"), "1");
  await t.write("style", { prompt: "Tabs." });
  await until(async () => (await t.plugins.current()).length === 2);
  expect([(await t.plugins.get("code")).status, started.length]).toEqual(["running", 1]);
});
