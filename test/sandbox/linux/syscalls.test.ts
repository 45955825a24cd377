import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { architectureOf, SYSCALLS } from "../../../src/sandbox/linux/syscalls.ts";

const HEADERS = {
  x64: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
  arm64: "/usr/include/asm-generic/unistd.h",
};

for (const [index, name] of (["x64", "arm64"] as const).entries()) {
  test.skipIf(!existsSync(HEADERS[name]))(`SYSCALLS has the numbers of the kernel's headers for ${name}`, () => {
    const lines = readFileSync(HEADERS[name], "utf8").matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm);
    const known = new Map([...lines].map(([, call, number]) => [call, Number(number)]));
    const wrong = Object.entries(SYSCALLS)
      .map(([call, numbers]) => ({ call, ours: numbers[index as 0 | 1], theirs: known.get(call) }))
      // Headers older than a call do not have it.
      .filter(({ ours, theirs }) => ours !== theirs && !(theirs === undefined && (ours ?? 0) > 446));
    expect(wrong).toEqual([]);
  });
}

test("architectureOf knows two, and no other", () => {
  expect([architectureOf("x64")?.audit, architectureOf("arm64")?.audit, architectureOf("riscv64")]).toEqual([
    0xc000003e,
    0xc00000b7,
    undefined,
  ]);
});
