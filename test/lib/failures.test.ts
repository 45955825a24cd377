import { expect, test } from "bun:test";
import { Failures, MAX_FAILURES } from "../../src/lib/failures.ts";

test("Failures waits longer with each failure in a row, in whole milliseconds, and gives up after too many", () => {
  const failures = new Failures();
  expect([failures.pause(0), failures.tooMany]).toEqual([0, false]);
  const pauses = [];
  for (let at = 0.25; pauses.length < MAX_FAILURES; at += 1000) {
    failures.add(at);
    pauses.push(failures.pause(at + 0.5));
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000]);
  expect(failures.tooMany).toBe(true);
  expect(failures.pause(1_000_000)).toBe(0);
});

test("Failures begins anew after a quiet while", () => {
  const failures = new Failures();
  for (let at = 0; at < MAX_FAILURES; at++) failures.add(at);
  failures.add(400_000);
  expect([failures.pause(400_000), failures.tooMany]).toEqual([1000, false]);
});
