import { expect, test } from "bun:test";
import { isDeeperThan } from "../../src/lib/nesting.ts";

test("isDeeperThan counts lists and objects, not what is in them", () => {
  expect([1, "a", null].map((value) => isDeeperThan(value, 0))).toEqual([false, false, false]);
  expect([isDeeperThan([], 0), isDeeperThan([1], 1), isDeeperThan({ a: 1 }, 1)]).toEqual([true, false, false]);
  const value = { a: 1, b: [{ c: [] }] };
  expect([isDeeperThan(value, 3), isDeeperThan(value, 4)]).toEqual([true, false]);
});

test("isDeeperThan is not hurt by a million levels", () => {
  expect(isDeeperThan(JSON.parse("[".repeat(1_000_000) + "]".repeat(1_000_000)), 64)).toBe(true);
});
