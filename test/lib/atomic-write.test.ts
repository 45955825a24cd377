import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../../src/lib/atomic-write.ts";
import { testFolder } from "../support/folder.ts";

test("writeAtomic: makes and replaces a file with the given mode, by a new one, and leaves nothing beside it", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "a.toml");
  writeAtomic(path, "one");
  const first = statSync(path);
  writeAtomic(path, new TextEncoder().encode("two"), 0o640);
  const second = statSync(path);
  expect([first.mode & 0o777, second.mode & 0o777]).toEqual([0o600, 0o640]);
  expect(first.ino).not.toBe(second.ino);
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readdirSync(folder.path)).toEqual(["a.toml"]);
});

test("writeAtomic: when it fails it throws the system's error, keeps what was there and leaves nothing beside it", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "taken");
  mkdirSync(path);
  writeFileSync(join(path, "inside"), "x");
  expect(() => writeAtomic(path, "text")).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(folder.path)).toEqual(["taken"]);
  expect(readFileSync(join(path, "inside"), "utf8")).toBe("x");
  expect(() => writeAtomic(join(folder.path, "none", "file"), "text")).toThrow("ENOENT");
});

test("writeAtomic: a reader at any moment sees one whole version", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "file");
  const version = (n: number) => `${n}\n`.repeat(20_000);
  writeAtomic(path, version(0));
  const reader = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const seen = new Set(); let whole = true; let last;
       console.log("ready");
       while (last !== "40") {
         const lines = require("fs").readFileSync(${JSON.stringify(path)}, "utf8").trimEnd().split("\\n");
         last = lines[0]; seen.add(last);
         whole &&= lines.length === 20000 && lines.every((line) => line === last);
       }
       console.log(JSON.stringify({ whole, several: seen.size > 1 }));`,
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const output = reader.stdout.getReader();
  await output.read();
  for (let n = 1; n <= 40; n++) {
    writeAtomic(path, version(n));
    // Lets the other process have the processor where there is one only.
    await Bun.sleep(1);
  }
  const { value } = await output.read();
  expect(JSON.parse(new TextDecoder().decode(value))).toEqual({ whole: true, several: true });
  expect(await reader.exited).toBe(0);
}, 60_000);
