import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "../../src/lib/file-lock.ts";
import { testFolder } from "../support/folder.ts";

test("lockFile: one holder at a time in a process; free again when disposed; the file stays empty", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "lock");
  const first = await lockFile(path, { timeoutMs: 0 });
  expect(first).toBeDefined();
  expect(await lockFile(path, { timeoutMs: 0 })).toBeUndefined();
  first?.[Symbol.dispose]();
  using second = await lockFile(path, { timeoutMs: 0 });
  expect(second).toBeDefined();
  expect(statSync(path).size).toBe(0);
});

test("lockFile: waits for the holder as long as it is told", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "lock");
  const holder = await lockFile(path, { timeoutMs: 0 });
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
    if (waits.length === 5) holder?.[Symbol.dispose]();
  };
  using late = await lockFile(path, { timeoutMs: 1000, wait });
  expect([late !== undefined, waits]).toEqual([true, [10, 10, 10, 10, 10]]);
  waits.length = 0;
  expect(await lockFile(path, { timeoutMs: 35, wait: async (ms) => void waits.push(ms) })).toBeUndefined();
  expect(waits).toEqual([10, 10, 10, 10]);
});

test("lockFile: holds against another process and is free when that one is killed", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "lock");
  const script = `
    import { lockFile } from ${JSON.stringify(join(import.meta.dir, "../../src/lib/file-lock.ts"))};
    const lock = await lockFile(${JSON.stringify(path)}, { timeoutMs: 0 });
    console.log(lock ? "held" : "not held");
    setInterval(() => lock, 1000);
  `;
  const file = join(folder.path, "holder.ts");
  await Bun.write(file, script);
  const child = Bun.spawn([process.execPath, file], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("held\n");
  expect(await lockFile(path, { timeoutMs: 0 })).toBeUndefined();
  child.kill("SIGKILL");
  await child.exited;
  using lock = await lockFile(path, { timeoutMs: 0 });
  expect(lock).toBeDefined();
}, 60_000);

test("lockFile: throws when the file cannot be made", async () => {
  await using folder = await testFolder();
  await expect(lockFile(join(folder.path, "none", "lock"), { timeoutMs: 0 })).rejects.toThrow(
    "unable to open database file",
  );
});
