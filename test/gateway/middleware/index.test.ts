import { expect, test } from "bun:test";
import * as z from "zod";
import { Metrics } from "../../../src/gateway/metrics.ts";
import { middleware } from "../../../src/gateway/middleware/index.ts";
import { compose } from "../../../src/gateway/pipeline.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { type Grant, OWNER_GRANT } from "../../../src/protocol/identity.ts";
import { type AnyMethod, type Call, defineMethod } from "../../../src/sdk/method.ts";
import { createRunLimit } from "../../../src/session/run-limit.ts";
import { testLog } from "../../support/log.ts";

const write: AnyMethod = defineMethod({
  name: "test.write",
  summary: "Take a number",
  scope: "write",
  params: z.strictObject({ number: z.number() }),
  result: z.unknown(),
  handle: () => undefined,
});

const reader: Grant = { identity: { id: "reader", kind: "device" }, role: "operator", scopes: ["read"] };

/** Sends a request through the whole pipeline and tells which layer stopped it, what was counted and what was logged. */
function pipeline() {
  const { log, entries } = testLog();
  const metrics = new Metrics();
  const run = compose(
    middleware({
      metrics,
      log,
      rates: () => ({ read: 1, write: 1, run: 1 }),
      monotonic: () => 0,
      runs: createRunLimit({ rate: () => 1, monotonic: () => 0 }),
      sessionOfRun: () => undefined,
    }),
    () => "handled",
  );
  return (grant: Grant | undefined, params: unknown, method: AnyMethod | undefined = write) => {
    const call = { grant, connection: { address: "192.0.2.1" }, traceId: "c1.1" } as unknown as Call;
    const before = metrics.requests.reduce((sum, { count }) => sum + count, 0);
    let outcome: unknown;
    try {
      outcome = run({ name: "test.write", method, params, call });
    } catch (thrown) {
      outcome = (thrown as AlephError).reason;
    }
    return {
      outcome,
      counted: metrics.requests.reduce((sum, { count }) => sum + count, 0) - before,
      traced: entries.splice(0).map(({ message, fields }) => [message, fields.trace, fields.method, typeof fields.ms]),
    };
  };
}

const observed = { counted: 1, traced: [["request handled", "c1.1", "test.write", "number"]] };

test("middleware: trace and metrics see every request, then rights, then rates, then the schema, then the handler", () => {
  const send = pipeline();
  // What is wrong in several ways is refused by the outermost layer that minds, and costs nothing of those behind it.
  expect(send(undefined, { wrong: 1 })).toEqual({ outcome: "unauthenticated", ...observed });
  expect(send(reader, { wrong: 1 })).toEqual({ outcome: "forbidden", ...observed });
  expect(send(OWNER_GRANT, { number: 1 })).toEqual({ outcome: "handled", ...observed });
  expect(send(OWNER_GRANT, { wrong: 1 })).toEqual({ outcome: "rate_limited", ...observed });
  expect(send(OWNER_GRANT, { number: 1 })).toEqual({ outcome: "rate_limited", ...observed });
});

test("middleware: what the schema refuses has used up its share of the rate", () => {
  const send = pipeline();
  expect(send(OWNER_GRANT, { wrong: 1 }).outcome).toBe("invalid_params");
  expect(send(OWNER_GRANT, { number: 1 }).outcome).toBe("rate_limited");
});

test("middleware: an unknown method is seen by trace and metrics, and told to those with rights alone", () => {
  const send = pipeline();
  const unknown = { counted: 1, traced: [["request handled", "c1.1", "unknown", "number"]] };
  const ask = (grant: Grant | undefined) => {
    const { log, entries } = testLog();
    const metrics = new Metrics();
    const run = compose(
      middleware({
        metrics,
        log,
        rates: () => ({ read: 0, write: 0, run: 0 }),
        monotonic: () => 0,
        runs: createRunLimit({ rate: () => 1, monotonic: () => 0 }),
        sessionOfRun: () => undefined,
      }),
      () => "handled",
    );
    try {
      run({
        name: "x",
        method: undefined,
        params: {},
        call: { grant, connection: { isForeign: false }, traceId: "c1.1" } as unknown as Call,
      });
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(AlephError);
      return {
        outcome: (thrown as AlephError).reason,
        counted: metrics.requests.length,
        traced: entries.map(({ message, fields }) => [message, fields.trace, fields.method, typeof fields.ms]),
      };
    }
    throw new Error("handled");
  };
  expect(ask(undefined)).toEqual({ outcome: "unauthenticated", ...unknown });
  expect(ask(OWNER_GRANT)).toEqual({ outcome: "method_not_found", ...unknown });
  expect(send(OWNER_GRANT, { number: 1 }).outcome).toBe("handled");
});
