import { expect, test } from "bun:test";
import { mkdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Timer } from "../../src/lib/watch.ts";
import { newEntry } from "../../src/plugin/plugin-entry.ts";
import { watchPlugins } from "../../src/plugin/watching.ts";
import { testFolder } from "../support/folder.ts";
import { BARE_MANIFEST } from "../support/plugins.ts";

async function setUp() {
  const root = await testFolder();
  const at = (...names: string[]) => join(root.path, ...names);
  for (const name of ["user/p/output", "project", "untrusted", "bundled"]) mkdirSync(at(name), { recursive: true });
  const debounced: (() => void)[] = [];
  const checks: (() => void)[] = [];
  const timer: Timer = (ms, run) => {
    const list = ms === 500 ? debounced : checks;
    list.push(run);
    return { [Symbol.dispose]: () => void (list.includes(run) && list.splice(list.indexOf(run), 1)) };
  };
  const entry = newEntry({ source: "user", folder: "p", path: at("user", "p"), isLink: false });
  const permissions = { network: [], filesystem: ["write:./output"], env: [] };
  entry.known = { manifest: { ...BARE_MANIFEST, permissions }, sha256: "" };
  const state = { isOn: true };
  const watching = watchPlugins({
    isOn: () => state.isOn,
    named: () => [
      { source: "user", path: at("user"), needsTrust: false },
      { source: "project", path: at("project"), needsTrust: true },
      { source: "path", path: at("untrusted"), needsTrust: true },
      { source: "bundled", path: at("bundled"), needsTrust: false },
    ],
    found: () => [
      { source: "project", path: at("project"), isTrusted: true },
      { source: "path", path: at("untrusted"), isTrusted: false },
    ],
    entries: () => [entry],
    onChange() {},
    timer,
  });
  return {
    state,
    check: () => checks.splice(0).forEach((run) => void run()),
    /** Whether a change of that file is noticed: the test's own watch, made later, sees it too. */
    async isSeen(...path: string[]) {
      debounced.splice(0);
      const seen = Promise.withResolvers<void>();
      const own = watch(at(...path, ".."), () => seen.resolve());
      writeFileSync(at(...path), "x");
      await seen.promise;
      own.close();
      return debounced.length > 0;
    },
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

test.each([
  [true, ["user", "p", "index.js"]],
  [true, ["project", "x"]],
  [false, ["user", "p", "output", "x"]],
  [false, ["untrusted", "x"]],
  [false, ["bundled", "x"]],
] as const)("watchPlugins notices (%j) a change of %j", async (isSeen, path) => {
  await using t = await setUp();
  expect(await t.isSeen(...path)).toBe(isSeen);
});

test("watchPlugins lets go while hot reload is off", async () => {
  await using t = await setUp();
  t.state.isOn = false;
  t.check();
  expect(await t.isSeen("user", "p", "index.js")).toBe(false);
});
