import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureKeyFile } from "../../src/lib/key-file.ts";
import { testFolder } from "../support/folder.ts";

test("ensureKeyFile makes a key once, for its owner alone, and refuses what holds less than one", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "key");
  const key = ensureKeyFile(path);
  expect([key.length, ensureKeyFile(path).equals(key)]).toEqual([32, true]);
  expect(readFileSync(path, "utf8")).toBe(`${key.toString("base64url")}\n`);
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, "short");
  expect(() => ensureKeyFile(path)).toThrow(RangeError);
});

test.skipIf(process.platform === "win32")(
  "ensureKeyFile leaves no half of a key when it ends while it writes",
  async () => {
    await using folder = await testFolder();
    const path = join(folder.path, "key");
    const source = new URL("../../src/lib/key-file.ts", import.meta.url).pathname;
    const script = `(await import(${JSON.stringify(source)})).ensureKeyFile(${JSON.stringify(path)})`;
    // No file may have a byte: the system ends whoever writes one.
    const ended = await Bun.$`sh -c 'ulimit -f 0; exec "$0" -e "$1"' ${process.execPath} ${script}`.nothrow().quiet();
    expect(ended.exitCode).not.toBe(0);
    expect(ensureKeyFile(path).length).toBe(32);
  },
);
