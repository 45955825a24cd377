import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { createRateLimit, type Rates } from "../../../src/gateway/middleware/rate-limit.ts";
import type { AlephError } from "../../../src/protocol/errors.ts";
import { type Grant, OWNER_GRANT, type Scope } from "../../../src/protocol/identity.ts";
import type { AnyMethod, Call, RateClass } from "../../../src/sdk/method.ts";
import { createRunLimit } from "../../../src/session/run-limit.ts";
import { testApp } from "../../support/app.ts";
import { type Frame, openFrames, request } from "../../support/frames.ts";
import { until } from "../../support/until.ts";

const guest: Grant = { identity: { id: "guest_1", kind: "guest" }, role: "guest", scopes: ["chat"] };
const device: Grant = { identity: { id: "device_1", kind: "device" }, role: "operator", scopes: ["chat"] };

function limiter(rates: Rates) {
  const world = { now: 0, rates };
  const monotonic = () => world.now;
  const runs = createRunLimit({ rate: () => world.rates.run, monotonic });
  const layer = createRateLimit({ rates: () => world.rates, monotonic, runs });
  const method = (scope: Scope | "public", rate?: RateClass) =>
    ({ name: "m", scope, ...(rate ? { rate } : {}), params: z.unknown(), result: z.unknown() }) as unknown as AnyMethod;
  const ask = (
    scope: Scope | "public",
    {
      grant,
      address = "192.0.2.1",
      rate,
      params = {},
    }: { grant?: Grant | undefined; address?: string; rate?: RateClass; params?: unknown } = { grant: OWNER_GRANT },
  ): string | number => {
    const call = { grant, connection: { address } } as unknown as Call;
    try {
      return layer({ name: "m", method: method(scope, rate), params, call }, () => "in") as string;
    } catch (thrown) {
      const { reason, data } = thrown as AlephError;
      expect(reason).toBe("rate_limited");
      return data.retry_after_ms as number;
    }
  };
  /** How many of so many get in at once. */
  const count = (times: number, once: () => string | number) =>
    Array.from({ length: times }, once).filter((result) => result === "in").length;
  return { world, ask, count };
}

describe("rate limit", () => {
  test("each kind of request has its own budget, and tells when there is more", () => {
    const { ask, count } = limiter({ read: 20, write: 10, run: 4 });
    expect(count(50, () => ask("read"))).toBe(20);
    expect(count(50, () => ask("write"))).toBe(10);
    expect(count(50, () => ask("chat", { grant: OWNER_GRANT, rate: "run" }))).toBe(4);
    expect([ask("read"), ask("write"), ask("chat", { grant: OWNER_GRANT, rate: "run" })]).toEqual([50, 100, 250]);
    // What is neither looking nor a run is writing.
    expect([ask("admin"), ask("approve"), ask("chat"), ask("public")]).toEqual([100, 100, 100, 50]);
  });

  test("a second fills it again, and no more than that", () => {
    const { world, ask, count } = limiter({ read: 20, write: 10, run: 4 });
    expect(count(50, () => ask("read"))).toBe(20);
    world.now = 100;
    expect(count(50, () => ask("read"))).toBe(2);
    world.now = 60_000;
    expect(count(50, () => ask("read"))).toBe(20);
  });

  test("identities do not share, connections of one do, strangers are told apart by address", () => {
    const { ask, count } = limiter({ read: 5, write: 5, run: 5 });
    expect(count(9, () => ask("read"))).toBe(5);
    expect(count(9, () => ask("read", { grant: OWNER_GRANT, address: "192.0.2.99" }))).toBe(0);
    expect(count(9, () => ask("read", { grant: device }))).toBe(5);
    expect(count(9, () => ask("public", { address: "192.0.2.1" }))).toBe(5);
    expect(count(9, () => ask("public", { address: "192.0.2.2" }))).toBe(5);
    // An address that is spelled like an identity is none.
    expect(count(9, () => ask("public", { address: "device_1" }))).toBe(5);
  });

  test("a guest has a tenth", () => {
    const { ask, count } = limiter({ read: 100, write: 50, run: 20 });
    expect(count(200, () => ask("read", { grant: guest }))).toBe(10);
    expect(count(200, () => ask("write", { grant: guest }))).toBe(5);
    expect(count(200, () => ask("chat", { grant: guest, rate: "run" }))).toBe(2);
  });

  test("a session has its own budget of runs, whoever writes to it", () => {
    const { ask, count } = limiter({ read: 5, write: 5, run: 5 });
    const run =
      (grant: Grant, params: unknown = {}) =>
      () =>
        ask("chat", { grant, rate: "run", params });
    expect(count(3, run(OWNER_GRANT))).toBe(3);
    expect(count(9, run(device))).toBe(2);
    expect(count(9, run(device, { session_key: "agent:main:other" }))).toBe(0);
    const other = { ...device, identity: { id: "device_2", kind: "device" as const } };
    expect(count(9, run(other, { session_key: "agent:main:main" }))).toBe(0);
    const third = { ...device, identity: { id: "device_3", kind: "device" as const } };
    expect(count(9, run(third, { session_key: "agent:main:other" }))).toBe(5);
  });

  test("0 is no limit, for guests neither, and another rate counts from the next request on", () => {
    const { world, ask, count } = limiter({ read: 0, write: 1, run: 1 });
    expect(count(1000, () => ask("read"))).toBe(1000);
    expect(count(1000, () => ask("read", { grant: guest }))).toBe(1000);
    world.rates = { read: 3, write: 1, run: 1 };
    expect(count(1000, () => ask("read"))).toBe(3);
    world.rates = { read: 7, write: 1, run: 1 };
    expect(count(1000, () => ask("read"))).toBe(7);
    world.rates = { read: 0, write: 1, run: 1 };
    expect(count(1000, () => ask("read"))).toBe(1000);
  });

  test("remembers no more than ten thousand, so that strangers cost no memory", () => {
    const { ask, count } = limiter({ read: 1, write: 1, run: 1 });
    for (let index = 0; index < 20_000; index++)
      ask("public", { address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` });
    expect(count(2, () => ask("public", { address: "10.0.0.1" }))).toBe(1);
  });
});

describe("rate limit in a server", () => {
  const burst = async (url: string, token: string, method: string, params: unknown, times: number) => {
    using socket = await openFrames(url, { token });
    const batch = Array.from({ length: times }, (_, index) => request(method, params, index));
    const answers = (await socket.ask(batch)) as Frame[];
    const refused = answers.filter(({ error }) => error);
    for (const { error } of refused) {
      expect(error).toEqual({
        code: -32005,
        message: expect.stringMatching(/^More than \d+ requests of kind "(?:read|write|run)" a second$/),
        data: {
          retry_after_ms: expect.any(Number),
          hint: expect.stringMatching(/^\[limits\.rate\]\.(?:read|write|run) in config\.toml sets the limit$/),
          reason: "rate_limited",
        },
      } as never);
    }
    return refused.length;
  };

  test("the config's rates hold, 0 is off, and a reload changes them at once", async () => {
    await using app = await testApp({ toml: "[limits.rate]\nread = 10\nwrite = 5\nrun = 0\n" });
    // Three of ten are the handshakes and what the test's own client asked.
    expect(await burst(app.url, app.token, "rpc.ping", {}, 50)).toBeGreaterThanOrEqual(40);
    await app.client.call("config.patch", { patch: { limits: { rate: { read: 0 } } } });
    await until(async () => (await burst(app.url, app.token, "rpc.ping", {}, 100)) === 0);
  });

  test("the defaults let the owner's clients work", async () => {
    await using app = await testApp();
    for (let round = 0; round < 10; round++) expect(await burst(app.url, app.token, "rpc.ping", {}, 100)).toBe(0);
    expect(await burst(app.url, app.token, "session.create", {}, 50)).toBe(0);
  });
});
