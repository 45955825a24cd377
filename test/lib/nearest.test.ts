import { expect, test } from "bun:test";
import { nearest } from "../../src/lib/nearest.ts";

const KNOWN = ["host", "port", "allowed_origins", "allowed_hosts", "max_payload"];

test.each([
  ["prot", "port"],
  ["Port", "port"],
  ["prt", "port"],
  ["allowed_orgins", "allowed_origins"],
  ["allowedorigins", "allowed_origins"],
  ["max_paylaod", "max_payload"],
  ["hots", "host"],
  ["xyz", undefined],
  ["", undefined],
  ["completely_different", undefined],
])("nearest: %p is %p", (word, expected) => {
  expect(nearest(word, KNOWN)).toBe(expected as never);
});

test("nearest: of two equally near the first, of none nothing, and a very long word is cheap", () => {
  expect(nearest("cat", ["bat", "rat"])).toBe("bat");
  expect(nearest("cat", [])).toBeUndefined();
  const before = performance.now();
  expect(nearest("x".repeat(1_000_000), KNOWN)).toBeUndefined();
  expect(performance.now() - before).toBeLessThan(100);
});
