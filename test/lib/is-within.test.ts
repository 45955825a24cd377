import { expect, test } from "bun:test";
import { isWithin } from "../../src/lib/is-within.ts";

test.each([
  ["/a/b", "/a/b", true],
  ["/a/b", "/a/b/c", true],
  ["/a/b", "/a/b/..c", true],
  ["/", "/a", true],
  ["/a/b", "/a", false],
  ["/a/b", "/a/bc", false],
  ["/a/b", "/a/c/b", false],
  ["/a/b", "/", false],
])("isWithin: of %s and %s it is %p that the one holds the other", (folder, path, expected) => {
  expect(isWithin(folder, path)).toBe(expected);
});
