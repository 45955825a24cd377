/** Money of a reply. */
import { expect, test } from "bun:test";
import { costOf } from "../../../src/providers/models/cost.ts";

const usage = { input: 1_000, output: 100, cache_read: 2_000, cache_write: 3_000 };

test("costOf does not know the cost where the price is not known", () => {
  expect(costOf(usage, undefined)).toBeNull();
});

test("costOf prices each kind of token, and the cache as input where nothing is said of it", () => {
  expect(costOf(usage, { input: 1, output: 10, cacheRead: 0.1, cacheWrite: 2 })).toBeCloseTo(0.0082, 10);
  expect(costOf(usage, { input: 1, output: 10 })).toBeCloseTo(0.007, 10);
});

test("costOf prices all of a long prompt higher, and one of the very limit not", () => {
  const long = { over: 6_000, input: 2, output: 20, cacheRead: 0.2, cacheWrite: 4 };
  const price = { input: 1, output: 10, cacheRead: 0.1, cacheWrite: 2, long };
  expect(costOf(usage, price)).toBeCloseTo(0.0082, 10);
  expect(costOf({ ...usage, input: 1_001 }, price)).toBeCloseTo(0.016402, 10);
});
