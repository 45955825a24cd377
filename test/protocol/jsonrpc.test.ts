import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AlephError } from "../../src/protocol/errors.ts";
import { failure, idOf, MAX_DEPTH, parseFrame, parseRequest, success } from "../../src/protocol/jsonrpc.ts";

function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(AlephError);
    const { reason, message } = thrown as AlephError;
    return `${reason}: ${message}`;
  }
  return "accepted";
}

const nested = (depth: number, open: string, inside: string, close: string) =>
  open.repeat(depth) + inside + close.repeat(depth);

describe("parseFrame", () => {
  test.each([
    "",
    " ",
    "{",
    '{"a":}',
    "nul",
    "{'a':1}",
    '{"a":1,}',
    "\ufeff{}",
    "1 2",
    '"\\x"',
    "\0",
    "NaN",
    "undefined",
  ])("%j is not JSON", (frame) => {
    expect(reasonOf(() => parseFrame(frame))).toBe("parse_error: Frame is not JSON");
  });

  test("any JSON is a value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const frame = JSON.stringify(value);
        expect(parseFrame(frame)).toEqual(JSON.parse(frame));
      }),
    );
  });

  test("nesting up to the limit is taken, one deeper is refused, whatever the brackets", () => {
    for (const [open, inside, close] of [
      ["[", "", "]"],
      ['{"a":', "1", "}"],
      ['[{"a":', "1", "}]"],
      [" [ ", "", " ] "],
    ] as const) {
      const levels = open.includes("[{") ? 2 : 1;
      expect(parseFrame(nested(MAX_DEPTH / levels, open, inside, close))).toBeDefined();
      expect(reasonOf(() => parseFrame(nested(MAX_DEPTH / levels + 1, open, inside, close)))).toBe(
        "invalid_request: Frame nests deeper than 64 levels",
      );
    }
    // One that is not even closed is refused before it is looked at.
    expect(reasonOf(() => parseFrame("[".repeat(5_000_000)))).toBe(
      "invalid_request: Frame nests deeper than 64 levels",
    );
  });

  test("brackets inside strings do not count, also behind escapes", () => {
    for (const text of [
      "[".repeat(1000),
      '"['.repeat(500),
      "\\[".repeat(500),
      '\\"['.repeat(500),
      '\\\\"[{'.repeat(300),
      "}]".repeat(500),
    ]) {
      const value = { [text]: text, list: [text] };
      expect(parseFrame(JSON.stringify(value))).toEqual(value);
    }
  });

  test("the depth that it counts is the depth that the value has", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { withCrossShrink: true },
        fc.string(),
        fc.constantFrom("[[[", '"}', "\\"),
        fc.array(tie("any"), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom("[", '"', "a"), tie("any"), { maxKeys: 2 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 70 }), (inside, wrap) => {
        const frame = "[".repeat(wrap) + JSON.stringify(inside) + "]".repeat(wrap);
        const accepted = wrap + depthOf(inside) <= MAX_DEPTH;
        expect(reasonOf(() => parseFrame(frame))).toBe(
          accepted ? "accepted" : "invalid_request: Frame nests deeper than 64 levels",
        );
      }),
    );
  });
});

describe("parseRequest", () => {
  test.each([
    [{ jsonrpc: "2.0", id: 1, method: "rpc.ping" }],
    [{ jsonrpc: "2.0", id: "", method: "rpc.ping", params: {} }],
    [{ jsonrpc: "2.0", id: null, method: "x", params: [1] }],
    [{ jsonrpc: "2.0", id: -1.5, method: "x", more: "fields" }],
    [{ jsonrpc: "2.0", method: "x" }],
  ])("%j is a request", (value) => {
    expect(parseRequest(value)).toEqual(value as never);
  });

  test.each([
    [5, "A request must be an object"],
    ["x", "A request must be an object"],
    [null, "A request must be an object"],
    [true, "A request must be an object"],
    [[], "A request must be an object"],
    [{}, 'A request must have "jsonrpc": "2.0"'],
    [{ jsonrpc: 2, id: 1, method: "x" }, 'A request must have "jsonrpc": "2.0"'],
    [{ jsonrpc: "1.0", id: 1, method: "x" }, 'A request must have "jsonrpc": "2.0"'],
    [
      { jsonrpc: "2.0", id: {}, method: "x" },
      "A request id must be a string, a number that can be echoed exactly, or null",
    ],
    [
      { jsonrpc: "2.0", id: [1], method: "x" },
      "A request id must be a string, a number that can be echoed exactly, or null",
    ],
    [
      { jsonrpc: "2.0", id: true, method: "x" },
      "A request id must be a string, a number that can be echoed exactly, or null",
    ],
    [
      JSON.parse('{"jsonrpc":"2.0","id":1e999,"method":"x"}'),
      "A request id must be a string, a number that can be echoed exactly, or null",
    ],
    [
      JSON.parse('{"jsonrpc":"2.0","id":9007199254740993,"method":"x"}'),
      "A request id must be a string, a number that can be echoed exactly, or null",
    ],
    [{ jsonrpc: "2.0", id: 1 }, 'A request must name its "method"'],
    [{ jsonrpc: "2.0", id: 1, method: "" }, 'A request must name its "method"'],
    [{ jsonrpc: "2.0", id: 1, method: 5 }, 'A request must name its "method"'],
    [{ jsonrpc: "2.0", id: 1, method: "x", params: "x" }, '"params" must be an object or an array'],
    [{ jsonrpc: "2.0", id: 1, method: "x", params: null }, '"params" must be an object or an array'],
    [{ jsonrpc: "2.0", id: 1, method: "x", params: 5 }, '"params" must be an object or an array'],
    [{ jsonrpc: "2.0", id: 1, result: {} }, 'A request must name its "method"'],
  ])("%j is refused", (value, message) => {
    expect(reasonOf(() => parseRequest(value))).toBe(`invalid_request: ${message}`);
  });

  test("any JSON is a request or invalid_request", () => {
    const member = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom("2.0", "x", 1));
    const like = fc.record({ jsonrpc: member, id: member, method: member, params: member }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), like), (value) => {
        expect(reasonOf(() => parseRequest(value))).toMatch(/^(accepted|invalid_request: )/);
      }),
    );
  });
});

test("idOf: the id where there is one that an answer can bear, else null", () => {
  expect([{ id: 1 }, { id: "a" }, { id: null }, { id: 0 }].map(idOf)).toEqual([1, "a", null, 0]);
  expect([{}, { id: {} }, { id: true }, { id: Number.NaN }, [], null, "x", undefined].map(idOf)).toEqual(
    Array(8).fill(null),
  );
});

test("success and failure: a response has the one or the other, and always a result that is there", () => {
  expect(JSON.parse(success(1, { a: 1 }))).toEqual({ jsonrpc: "2.0", id: 1, result: { a: 1 } });
  expect(JSON.parse(success("a", undefined))).toEqual({ jsonrpc: "2.0", id: "a", result: null });
  expect(
    JSON.parse(failure(null, new AlephError("not_found", 'No session "x"', { data: { hint: "List them" } }))),
  ).toEqual({
    jsonrpc: "2.0",
    id: null,
    error: { code: -32003, message: 'No session "x"', data: { reason: "not_found", hint: "List them" } },
  });
  expect(JSON.parse(failure(1, new TypeError("secret path /root")))).toEqual({
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32603, message: "Internal error", data: { reason: "internal" } },
  });
});

test("success and failure echo every id that a request may have", () => {
  const id = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number)),
    fc.constant(null),
  );
  fc.assert(
    fc.property(id, (id) => {
      const request = JSON.parse(JSON.stringify({ jsonrpc: "2.0", id, method: "x" }));
      expect(parseRequest(request)).toEqual({ jsonrpc: "2.0", id: request.id, method: "x" });
      expect(JSON.parse(success(request.id, 1)).id).toEqual(request.id);
      expect(JSON.parse(failure(request.id, 1)).id).toEqual(request.id);
    }),
  );
});

test("success throws for what has no JSON", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(() => success(1, cycle)).toThrow();
  expect(() => success(1, 1n)).toThrow();
});
