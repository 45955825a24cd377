import { expect, test } from "bun:test";
import { parseSize } from "../../src/lib/size.ts";

test("parseSize reads sizes as people write them, and numbers of bytes", () => {
  expect([parseSize("256MB"), parseSize("1 gb"), parseSize("64KiB"), parseSize(5)]).toEqual([
    256 * 1024 ** 2,
    1024 ** 3,
    64 * 1024,
    5,
  ]);
});

test.each(["", "MB", "12", "1.5GB", "12XB", "-1MB"])("parseSize refuses %j", (text) => {
  expect(() => parseSize(text)).toThrow(RangeError);
});
