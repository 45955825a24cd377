import { expect, test } from "bun:test";
import { retryAfter } from "../../src/lib/retry-after.ts";

const RETRIES = { firstMs: 100, factor: 4, longestMs: 5000 };

test("retryAfter waits longer after each failure, up to the longest", () => {
  expect([0, 1, 2, 3, 50].map((failures) => retryAfter(failures, RETRIES))).toEqual([100, 400, 1600, 5000, 5000]);
});

test("retryAfter waits as long as it is asked to, an hour at most, and never less than by itself", () => {
  expect([10, 700, 60_000, 86_400_000].map((asked) => retryAfter(1, RETRIES, asked))).toEqual([
    400, 700, 60_000, 3_600_000,
  ]);
});

test("retryAfter does not listen to what is no number of milliseconds", () => {
  expect(["900", Number.NaN, -1, undefined, null].map((asked) => retryAfter(1, RETRIES, asked))).toEqual([
    400, 400, 400, 400, 400,
  ]);
});
