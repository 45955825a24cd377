import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Timer } from "../../src/lib/watch.ts";
import { watchTrees } from "../../src/lib/watch-trees.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

/** Timers that run when the test says so. */
function manualTimers() {
  const waiting: { ms: number; run: () => void }[] = [];
  const timer: Timer = (ms, run) => {
    const entry = { ms, run };
    waiting.push(entry);
    return { [Symbol.dispose]: () => void (waiting.includes(entry) && waiting.splice(waiting.indexOf(entry), 1)) };
  };
  return {
    timer,
    waiting: (ms: number) => waiting.filter((entry) => entry.ms === ms).length,
    /** Runs those that wait for `ms`. */
    run(ms: number) {
      for (const entry of waiting.filter((one) => one.ms === ms)) {
        waiting.splice(waiting.indexOf(entry), 1);
        entry.run();
      }
    },
  };
}

async function setUp() {
  const folder = await testFolder();
  const timers = manualTimers();
  const t = {
    ...timers,
    root: join(folder.path, "root"),
    changes: 0,
    ignored: [] as string[],
    folders: [] as string[],
  };
  t.folders = [t.root];
  const watch = watchTrees({
    folders: () => t.folders,
    ignores: (path) => t.ignored.some((start) => path.startsWith(start)),
    onChange: () => t.changes++,
    timer: timers.timer,
  });
  return Object.assign(t, {
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  });
}

const DEBOUNCE = 500;
const CHECK = 5000;

test("watchTrees tells once of several changes, however deep, in folders that come too", async () => {
  await using t = await setUp();
  mkdirSync(join(t.root, "a"), { recursive: true });
  t.run(CHECK);
  t.run(DEBOUNCE);
  expect(t.changes).toBe(1);
  mkdirSync(join(t.root, "a", "b", "c"), { recursive: true });
  await until(() => t.waiting(DEBOUNCE) === 1);
  t.run(DEBOUNCE);
  const before = t.changes;
  writeFileSync(join(t.root, "a", "b", "c", "x"), "1");
  writeFileSync(join(t.root, "a", "b", "c", "y"), "1");
  await until(() => t.waiting(DEBOUNCE) === 1);
  t.run(DEBOUNCE);
  expect(t.changes).toBe(before + 1);
});

test("watchTrees leaves aside what is ignored", async () => {
  await using t = await setUp();
  mkdirSync(join(t.root, "output"), { recursive: true });
  t.run(CHECK);
  t.run(DEBOUNCE);
  t.ignored = [join(t.root, "output")];
  writeFileSync(join(t.root, "output", "x"), "1");
  writeFileSync(join(t.root, "seen"), "1");
  await until(() => t.waiting(DEBOUNCE) === 1);
  t.run(DEBOUNCE);
  expect(t.changes).toBe(2);
});

test("watchTrees follows a folder that is replaced or removed, and takes no rest while it cannot watch", async () => {
  await using t = await setUp();
  mkdirSync(t.root);
  t.run(CHECK);
  t.run(DEBOUNCE);
  renameSync(t.root, `${t.root}-old`);
  mkdirSync(t.root);
  t.run(CHECK);
  t.run(DEBOUNCE);
  const replaced = t.changes;
  writeFileSync(join(t.root, "x"), "1");
  await until(() => t.waiting(DEBOUNCE) === 1);
  t.run(DEBOUNCE);
  expect(t.changes).toBe(replaced + 1);
  rmSync(t.root, { recursive: true });
  t.run(CHECK);
  t.run(DEBOUNCE);
  expect(t.changes).toBeGreaterThan(replaced + 1);
  const removed = t.changes;
  t.run(CHECK);
  t.run(DEBOUNCE);
  expect(t.changes).toBe(removed);
});

test("watchTrees watches what is asked for now, and nothing after it was disposed", async () => {
  await using t = await setUp();
  mkdirSync(t.root);
  t.run(CHECK);
  t.run(DEBOUNCE);
  t.folders = [];
  t.run(CHECK);
  t.run(DEBOUNCE);
  const before = t.changes;
  t.folders = [t.root];
  t.run(CHECK);
  t.run(DEBOUNCE);
  expect(t.changes).toBe(before + 1);
  await t[Symbol.asyncDispose]();
  expect([t.waiting(CHECK), t.waiting(DEBOUNCE)]).toEqual([0, 0]);
});
