import { expect, test } from "bun:test";
import { createRunLimit } from "../../src/session/run-limit.ts";
import { refusal } from "../support/config.ts";

function limit(rate: number) {
  const world = { now: 0, rate };
  const take = createRunLimit({ rate: () => world.rate, monotonic: () => world.now });
  /** How many of so many get in. */
  const count = (times: number, identity: (index: number) => string, session: (index: number) => string) => {
    let taken = 0;
    for (let index = 0; index < times; index++) {
      try {
        take(identity(index), session(index));
        taken++;
      } catch {
        // Counted by what is missing; the refusal has a test of its own.
      }
    }
    return taken;
  };
  return { world, take, count };
}

test("createRunLimit limits an identity over its sessions, and a session over its identities", () => {
  const { world, count } = limit(3);
  expect(
    count(
      5,
      () => "a",
      (index) => `session ${index}`,
    ),
  ).toBe(3);
  expect(
    count(
      5,
      (index) => `b${index}`,
      () => "shared",
    ),
  ).toBe(3);
  expect(
    count(
      5,
      () => "c",
      () => "own",
    ),
  ).toBe(3);
  world.now += 1000;
  expect(
    count(
      5,
      () => "a",
      () => "own",
    ),
  ).toBe(3);
});

test("createRunLimit follows the config at once; 0 is no limit", () => {
  const { world, count } = limit(0);
  expect(
    count(
      100,
      () => "a",
      () => "s",
    ),
  ).toBe(100);
  world.rate = 2;
  expect(
    count(
      100,
      () => "a",
      () => "s",
    ),
  ).toBe(2);
});

test("createRunLimit says how long to wait and which key sets it", async () => {
  const { take } = limit(1);
  take("a", "s");
  expect(await refusal(() => take("a", "s"))).toMatchObject({
    reason: "rate_limited",
    message: "More than 1 runs a second",
    data: { retry_after_ms: 1000, hint: "[limits.rate].run in config.toml sets the limit" },
  });
});
