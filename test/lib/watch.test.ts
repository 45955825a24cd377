import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Timer, watchFolder } from "../../src/lib/watch.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const [DEBOUNCE, CHECK] = [500, 5000];

/** Timers that run when the test says so. */
function handTimer() {
  const pending: { ms: number; run: () => void }[] = [];
  const timer: Timer = (ms, run) => {
    const own = { ms, run };
    pending.push(own);
    return { [Symbol.dispose]: () => void (pending.includes(own) && pending.splice(pending.indexOf(own), 1)) };
  };
  const waiting = (ms: number) => pending.filter((own) => own.ms === ms).length;
  const fire = (ms: number) => {
    const due = pending.filter((own) => own.ms === ms);
    for (const own of due) {
      pending.splice(pending.indexOf(own), 1);
      own.run();
    }
    return due.length;
  };
  return { timer, waiting, fire };
}

describe("watchFolder", () => {
  test("sees each write and each atomic replacement, also after the first", async () => {
    await using folder = await testFolder();
    const file = join(folder.path, "a.toml");
    const { timer, fire } = handTimer();
    let seen = "";
    const onChange = () => {
      seen = readFileSync(file, "utf8");
    };
    using _watch = watchFolder(folder.path, { names: ["a.toml"], onChange, timer });
    for (let version = 0; version < 4; version++) {
      writeFileSync(file, `written ${version}`);
      await until(() => fire(DEBOUNCE) >= 0 && seen === `written ${version}`);
      writeFileSync(`${file}.tmp`, `renamed ${version}`);
      renameSync(`${file}.tmp`, file);
      await until(() => fire(DEBOUNCE) >= 0 && seen === `renamed ${version}`);
    }
  });

  test("tells once, after the last of several changes", async () => {
    await using folder = await testFolder();
    const { timer, waiting, fire } = handTimer();
    let changes = 0;
    let started = 0;
    const counting: Timer = (ms, run) => {
      if (ms === DEBOUNCE) started++;
      return timer(ms, run);
    };
    using _watch = watchFolder(folder.path, { names: ["a"], onChange: () => changes++, timer: counting });
    for (let version = 1; version < 4; version++) {
      writeFileSync(join(folder.path, "a"), "x".repeat(version));
      await until(() => started >= version);
    }
    expect([waiting(DEBOUNCE), fire(DEBOUNCE), changes]).toEqual([1, 1, 1]);
  });

  test("does not look at other files", async () => {
    await using folder = await testFolder();
    const { timer, waiting, fire } = handTimer();
    let changes = 0;
    using _watch = watchFolder(folder.path, { names: ["a.toml"], onChange: () => changes++, timer });
    writeFileSync(join(folder.path, "b.db"), "x");
    writeFileSync(join(folder.path, "a.toml"), "x");
    await until(() => waiting(DEBOUNCE) === 1);
    fire(DEBOUNCE);
    writeFileSync(join(folder.path, "b.db"), "y");
    fire(CHECK);
    expect([changes, waiting(DEBOUNCE)]).toEqual([1, 0]);
  });

  test("survives that the folder is not there, comes, goes and is replaced", async () => {
    await using outer = await testFolder();
    const folder = join(outer.path, "home");
    const file = join(folder, "a.toml");
    const { timer, waiting, fire } = handTimer();
    let changes = 0;
    using _watch = watchFolder(folder, { names: ["a.toml"], onChange: () => changes++, timer });
    expect(fire(CHECK)).toBe(1);
    mkdirSync(folder);
    writeFileSync(file, "1");
    fire(CHECK);
    expect([fire(DEBOUNCE), changes]).toEqual([1, 1]);
    // Attached now: no check is needed for the next one.
    writeFileSync(file, "22");
    await until(() => waiting(DEBOUNCE) === 1);
    expect([fire(DEBOUNCE), changes]).toEqual([1, 2]);
    rmSync(folder, { recursive: true });
    fire(CHECK);
    expect([fire(DEBOUNCE), changes]).toEqual([1, 3]);
    mkdirSync(folder);
    fire(CHECK);
    expect(fire(DEBOUNCE)).toBe(0);
    writeFileSync(file, "333");
    await until(() => waiting(DEBOUNCE) === 1);
    expect([fire(DEBOUNCE), changes]).toEqual([1, 4]);
  });

  test("finds by itself what the system did not announce", async () => {
    await using folder = await testFolder();
    await using elsewhere = await testFolder();
    const target = join(elsewhere.path, "target");
    writeFileSync(target, "1");
    symlinkSync(target, join(folder.path, "a.toml"));
    const { timer, waiting, fire } = handTimer();
    let changes = 0;
    using _watch = watchFolder(folder.path, { names: ["a.toml"], onChange: () => changes++, timer });
    writeFileSync(target, "22");
    fire(CHECK);
    expect([waiting(CHECK), fire(DEBOUNCE), changes]).toEqual([1, 1, 1]);
    fire(CHECK);
    expect(fire(DEBOUNCE)).toBe(0);
  });

  test("says nothing more once it is disposed", async () => {
    await using folder = await testFolder();
    const { timer, waiting, fire } = handTimer();
    const watch = watchFolder(folder.path, { names: ["a.toml"], onChange: () => expect.unreachable(), timer });
    writeFileSync(join(folder.path, "a.toml"), "x");
    await until(() => waiting(DEBOUNCE) === 1);
    watch[Symbol.dispose]();
    expect([waiting(DEBOUNCE), waiting(CHECK), fire(DEBOUNCE)]).toEqual([0, 0, 0]);
  });
});
