import { describe, expect, test } from "bun:test";
import { LoginAttempts } from "../../src/auth/attempts.ts";
import { AlephError } from "../../src/protocol/errors.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function open() {
  let now = 1_000_000;
  const attempts = new LoginAttempts(() => now);
  return {
    attempts,
    pass(ms: number): void {
      now += ms;
    },
    /** How long the address has to wait now. */
    wait(address: string): number {
      try {
        attempts.check(address);
        return 0;
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AlephError);
        const { reason, data } = thrown as AlephError;
        expect(reason).toBe("rate_limited");
        return data.retry_after_ms as number;
      }
    },
  };
}

describe("LoginAttempts", () => {
  test("after five failures the wait begins at a second and doubles up to a quarter of an hour", () => {
    const { attempts, wait, pass } = open();
    const waits: number[] = [];
    for (let failure = 1; failure <= 18; failure++) {
      attempts.failed("192.0.2.1");
      waits.push(wait("192.0.2.1"));
      pass(waits.at(-1)!);
      expect(wait("192.0.2.1")).toBe(0);
    }
    expect(waits.map((ms) => ms / 1000)).toEqual([
      0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900,
    ]);
  });

  test("allows one address at most twenty guesses in an hour, and four more in each after that", () => {
    const { attempts, wait, pass } = open();
    const guessesIn = (ms: number) => {
      let guesses = 0;
      for (let passed = 0; passed < ms; ) {
        const rest = wait("192.0.2.1");
        if (rest === 0) {
          attempts.failed("192.0.2.1");
          guesses++;
        } else {
          pass(rest);
          passed += rest;
        }
      }
      return guesses;
    };
    expect(guessesIn(HOUR)).toBeLessThanOrEqual(20);
    expect(guessesIn(HOUR)).toBeLessThanOrEqual(5);
  });

  test("an hour without a failure is a new beginning, a minute less is not", () => {
    for (const [quiet, expected] of [
      [HOUR, 0],
      [HOUR - MINUTE, 512_000],
    ] as const) {
      const { attempts, wait, pass } = open();
      for (let failure = 0; failure < 13; failure++) attempts.failed("192.0.2.1");
      pass(quiet);
      attempts.failed("192.0.2.1");
      expect(wait("192.0.2.1")).toBe(expected);
    }
  });

  test("loopback waits like any other, and one address does not wait for another", () => {
    const { attempts, wait } = open();
    for (let failure = 0; failure < 6; failure++) attempts.failed("127.0.0.1");
    expect([wait("127.0.0.1"), wait("192.0.2.1")]).toEqual([2000, 0]);
  });

  test("a network of IPv6 counts as one address", () => {
    const { attempts, wait } = open();
    for (let failure = 0; failure < 6; failure++) attempts.failed(`2001:db8:1:2::${failure.toString(16)}`);
    expect(wait("2001:db8:1:2:ffff::1")).toBe(2000);
    expect(wait("2001:db8:1:2:0:0:0:9")).toBe(2000);
    expect([wait("2001:db8:1:3::1"), wait("::1"), wait("2001:db8::1")]).toEqual([0, 0, 0]);
    for (let failure = 0; failure < 6; failure++) attempts.failed("::ffff:192.0.2.1");
    expect([wait("::ffff:192.0.2.1"), wait("::ffff:192.0.2.2"), wait("::1")]).toEqual([2000, 0, 0]);
  });

  test("from many addresses together a hundred are free, then everyone waits, a minute at most", () => {
    const { attempts, wait, pass } = open();
    for (let failure = 0; failure < 99; failure++) attempts.failed(`192.0.2.${failure}`);
    expect(wait("198.51.100.1")).toBe(0);
    const waits: number[] = [];
    for (let failure = 0; failure < 9; failure++) {
      attempts.failed(`203.0.113.${failure}`);
      waits.push(wait("198.51.100.1"));
      pass(waits.at(-1)!);
    }
    expect(waits.map((ms) => ms / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test("remembers no more than ten thousand addresses; what was forgotten still counts overall", () => {
    const { attempts, wait, pass } = open();
    for (let failure = 0; failure < 6; failure++) attempts.failed("192.0.2.1");
    for (let index = 0; index < 10_000; index++)
      attempts.failed(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    expect(wait("192.0.2.1")).toBe(MINUTE);
    pass(MINUTE);
    expect(wait("192.0.2.1")).toBe(0);
  });
});
