import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createTokenBucket } from "../../src/lib/token-bucket.ts";

test("token bucket: a second's worth at once, then one after each wait that it names", () => {
  let now = 0;
  const bucket = createTokenBucket(4, () => now);
  expect([1, 2, 3, 4, 5].map(() => bucket.take())).toEqual([0, 0, 0, 0, 250]);
  now += 249;
  expect(bucket.take()).toBe(1);
  now += 1;
  expect([bucket.take(), bucket.take()]).toEqual([0, 250]);
  // Saved up to one second's worth and no more.
  now += 60_000;
  expect([1, 2, 3, 4, 5].map(() => bucket.take())).toEqual([0, 0, 0, 0, 250]);
});

test("token bucket: rate 0 is no limit; less than one a second lets one through; burst is its own size", () => {
  let now = 0;
  const off = createTokenBucket(0, () => now);
  expect(Array.from({ length: 10_000 }, () => off.take()).every((wait) => wait === 0)).toBe(true);
  const slow = createTokenBucket(0.5, () => now);
  expect([slow.take(), slow.take()]).toEqual([0, 2000]);
  now += 2000;
  expect(slow.take()).toBe(0);
  const burst = createTokenBucket(1, () => now, 3);
  expect([burst.take(), burst.take(), burst.take(), burst.take()]).toEqual([0, 0, 0, 1000]);
});

test("token bucket: in any time it lets through at most what was saved and what the rate gives, and its waits are right", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 5000, noNaN: true }),
      fc.array(fc.nat(3000), { minLength: 1, maxLength: 200 }),
      (rate, pauses) => {
        let now = 0;
        let taken = 0;
        const bucket = createTokenBucket(rate, () => now);
        for (const pause of pauses) {
          now += pause;
          const wait = bucket.take();
          if (wait === 0) taken++;
          else {
            expect(wait).toBeLessThanOrEqual(Math.ceil(1000 / rate));
            now += wait;
            expect(bucket.take()).toBe(0);
            taken++;
          }
          expect(taken).toBeLessThanOrEqual(Math.max(1, rate) + (now / 1000) * rate + 1e-6);
        }
      },
    ),
  );
});
