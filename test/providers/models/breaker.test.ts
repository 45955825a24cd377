/** When a provider is left alone, and when it is asked again. */
import { expect, test } from "bun:test";
import { createBreaker } from "../../../src/providers/models/breaker.ts";

function setUp() {
  const clock = { now: 0 };
  return { clock, breaker: createBreaker({ now: () => clock.now }) };
}

test("breaker opens at the fifth failure within 30 s", () => {
  const { breaker } = setUp();
  const allowed = Array.from({ length: 6 }, () => {
    const allow = breaker.allow();
    breaker.failed();
    return allow;
  });
  expect(allowed).toEqual([true, true, true, true, true, false]);
});

test("breaker stays closed when failures are further apart", () => {
  const { breaker, clock } = setUp();
  for (let count = 0; count < 20; count++) {
    breaker.failed();
    clock.now += 7_500;
  }
  expect(breaker.allow()).toBe(true);
});

test("breaker forgets failures after a success", () => {
  const { breaker } = setUp();
  for (let count = 0; count < 4; count++) breaker.failed();
  breaker.succeeded();
  for (let count = 0; count < 4; count++) breaker.failed();
  expect(breaker.allow()).toBe(true);
});

function opened() {
  const it = setUp();
  for (let count = 0; count < 5; count++) it.breaker.failed();
  return it;
}

test("breaker lets one probe through after 30 s", () => {
  const { breaker, clock } = opened();
  clock.now = 29_999;
  expect(breaker.allow()).toBe(false);
  clock.now = 30_000;
  expect([breaker.allow(), breaker.allow()]).toEqual([true, false]);
});

test("breaker closes when the probe succeeds", () => {
  const { breaker, clock } = opened();
  clock.now = 30_000;
  breaker.allow();
  breaker.succeeded();
  expect([breaker.allow(), breaker.allow()]).toEqual([true, true]);
});

test("breaker opens again when the probe fails", () => {
  const { breaker, clock } = opened();
  clock.now = 30_000;
  breaker.allow();
  breaker.failed();
  clock.now = 59_999;
  expect(breaker.allow()).toBe(false);
  clock.now = 60_000;
  expect(breaker.allow()).toBe(true);
});

test("breaker lets another probe through when one ends undecided", () => {
  const { breaker, clock } = opened();
  clock.now = 30_000;
  breaker.allow();
  breaker.ended();
  expect(breaker.allow()).toBe(true);
});
