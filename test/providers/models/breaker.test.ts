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

test("breaker rests as long as it was asked to, then lets one probe through", () => {
  const { breaker, clock } = setUp();
  breaker.rest(10_000);
  breaker.rest(1_000);
  expect([breaker.allow(), breaker.pausedFor()]).toEqual([false, 10_000]);
  clock.now += 4_000;
  // A call that began before does not end the rest.
  breaker.succeeded();
  expect([breaker.allow(), breaker.pausedFor()]).toEqual([false, 6_000]);
  clock.now += 6_000;
  expect([breaker.pausedFor(), breaker.allow(), breaker.allow()]).toEqual([0, true, false]);
  breaker.rest(5_000);
  clock.now += 5_000;
  expect(breaker.allow()).toBe(true);
  breaker.succeeded();
  expect([breaker.allow(), breaker.allow()]).toEqual([true, true]);
});

test("breaker tells when a pause begins and when it is well again", () => {
  const clock = { now: 0 };
  const told: (number | null)[] = [];
  const breaker = createBreaker({ now: () => clock.now, onChange: (pauseMs) => told.push(pauseMs) });
  breaker.succeeded();
  for (let count = 0; count < 5; count++) breaker.failed();
  clock.now += 30_000;
  breaker.allow();
  breaker.failed();
  clock.now += 30_000;
  breaker.allow();
  breaker.succeeded();
  breaker.succeeded();
  breaker.rest(7);
  expect(told).toEqual([30_000, 30_000, null, 7]);
});
