import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { AlephError } from "../../src/protocol/errors.ts";
import { defineMethod } from "../../src/sdk/method.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { TOKEN, testGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

/** Methods whose end a test decides. */
function controlled() {
  const calls: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const echo = defineMethod({
    name: "test.echo",
    summary: "Give back what came",
    scope: "read",
    params: z.strictObject({ second: z.string().optional(), first: z.number(), third: z.boolean().default(false) }),
    result: z.unknown(),
    handle(_: object, params) {
      calls.push(params);
      return params;
    },
  });
  const wait = defineMethod({
    name: "test.wait",
    summary: "Answer when the test says so",
    scope: "read",
    params: z.strictObject({ name: z.string() }),
    result: z.unknown(),
    async handle(_: object, { name }) {
      calls.push(name);
      await gate.promise;
      return { name };
    },
  });
  const fail = defineMethod({
    name: "test.fail",
    summary: "Throw",
    scope: "read",
    params: z.strictObject({ how: z.enum(["error", "aleph", "rejection", "cycle", "text", "bigint"]) }),
    result: z.unknown(),
    handle(_: object, { how }): unknown {
      calls.push(how);
      const secret = `aleph_own_${"s".repeat(43)}`;
      if (how === "aleph")
        throw new AlephError("conflict", `Already there: ${secret}`, {
          cause: new Error("/root/cause"),
          data: { hint: "Wait" },
        });
      if (how === "rejection") return Promise.reject(new RangeError(`rejected in /root/somewhere with ${secret}`));
      if (how === "text") throw `thrown text with ${secret}`;
      if (how === "bigint") return { big: 1n };
      if (how === "cycle") {
        const cycle: { self?: unknown } = {};
        cycle.self = cycle;
        return cycle;
      }
      throw new TypeError(`thrown in /root/somewhere with ${secret}`);
    },
  });
  return { calls, gate, methods: [echo, wait, fail] };
}

const invalid = (message: string, id: unknown = null) => ({
  jsonrpc: "2.0",
  id,
  error: { code: -32600, message, data: { reason: "invalid_request" } },
});

describe("dispatch: frames that are no requests", () => {
  test.each([
    ["not JSON", "{nonsense", { code: -32700, message: "Frame is not JSON", data: { reason: "parse_error" } }],
    ["empty", " ", { code: -32700, message: "Frame is not JSON", data: { reason: "parse_error" } }],
    [
      "cut off",
      '{"jsonrpc":"2.0","id":1,"method":"rpc.pi',
      { code: -32700, message: "Frame is not JSON", data: { reason: "parse_error" } },
    ],
  ])("a frame that is %s is a parse error without an id", async (_, frame, error) => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(frame);
    expect(await socket.next()).toEqual({ jsonrpc: "2.0", id: null, error });
    expect(await socket.ask(request("rpc.ping", {}, 2))).toMatchObject({ id: 2, result: { pong: true } });
  });

  test.each([
    ["a number", "5", invalid("A request must be an object")],
    ["a text", '"rpc.ping"', invalid("A request must be an object")],
    ["null", "null", invalid("A request must be an object")],
    ["no version", '{"id":1,"method":"rpc.ping"}', invalid('A request must have "jsonrpc": "2.0"', 1)],
    [
      "version 1.0",
      '{"jsonrpc":"1.0","id":"a","method":"rpc.ping"}',
      invalid('A request must have "jsonrpc": "2.0"', "a"),
    ],
    [
      "version 2 as a number",
      '{"jsonrpc":2.0,"id":1,"method":"rpc.ping"}',
      invalid('A request must have "jsonrpc": "2.0"', 1),
    ],
    ["no method", '{"jsonrpc":"2.0","id":1}', invalid('A request must name its "method"', 1)],
    [
      "a method that is no text",
      '{"jsonrpc":"2.0","id":1,"method":["rpc.ping"]}',
      invalid('A request must name its "method"', 1),
    ],
    [
      "params that are text",
      '{"jsonrpc":"2.0","id":1,"method":"rpc.ping","params":"x"}',
      invalid('"params" must be an object or an array', 1),
    ],
    [
      "an id that is an object",
      '{"jsonrpc":"2.0","id":{},"method":"rpc.ping"}',
      invalid("A request id must be a string, a number that can be echoed exactly, or null"),
    ],
    [
      "an id that is true",
      '{"jsonrpc":"2.0","id":true,"method":"rpc.ping"}',
      invalid("A request id must be a string, a number that can be echoed exactly, or null"),
    ],
    [
      "an id with too many digits",
      '{"jsonrpc":"2.0","id":12345678901234567890,"method":"rpc.ping"}',
      invalid("A request id must be a string, a number that can be echoed exactly, or null"),
    ],
    ["a response", '{"jsonrpc":"2.0","id":1,"result":{}}', invalid('A request must name its "method"', 1)],
    [
      "65 levels deep",
      `{"jsonrpc":"2.0","id":1,"method":"rpc.ping","params":${"[".repeat(64)}${"]".repeat(64)}}`,
      invalid("Frame nests deeper than 64 levels"),
    ],
    ["a million levels deep", "[".repeat(1_000_000), invalid("Frame nests deeper than 64 levels")],
  ])("a frame with %s is an invalid request, and the connection goes on", async (_, frame, answer) => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(frame);
    expect(await socket.next()).toEqual(answer);
    expect(await socket.ask(request("rpc.ping", {}, 2))).toMatchObject({ id: 2, result: { pong: true } });
  });
});

describe("dispatch: requests", () => {
  test("a method that there is not is told with a hint, and its name is no label of the metrics", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    for (const name of ["no.such", "constructor", "__proto__", "toString", "rpc.ping\n", "x".repeat(500)]) {
      const shown = name.slice(0, 100).replaceAll("\n", "?");
      expect(await socket.ask(request(name, {}, 1))).toEqual({
        jsonrpc: "2.0",
        id: 1,
        error: {
          code: -32601,
          message: `No method "${shown}"`,
          data: { hint: "rpc.discover lists all methods", reason: "method_not_found" },
        },
      });
    }
    expect(server.metrics.requests.map(({ method, outcome, count }) => [method, outcome, count])).toEqual([
      ["auth.connect", "ok", 1],
      ["unknown", "method_not_found", 6],
    ]);
  });

  test("wrong params are told one by one with their paths", async () => {
    await using server = await testGateway({ methods: controlled().methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    expect(await socket.ask(request("test.echo", { first: "1", other: 2, third: 3 }, 1))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: {
        code: -32602,
        message: 'Cannot call "test.echo": first: must be a number, not a string',
        data: {
          issues: [
            { path: "first", message: "must be a number, not a string" },
            { path: "other", message: "unknown key; known here: second, first, third" },
            { path: "third", message: "must be true or false, not a whole number" },
          ],
          reason: "invalid_params",
        },
      },
    });
    expect(await socket.ask(request("test.echo", undefined, 1))).toMatchObject({
      error: { data: { issues: [{ path: "first", message: "is missing; it must be a number" }] } },
    });
  });

  test("a thousand unknown keys do not make a long answer", async () => {
    await using server = await testGateway({ methods: controlled().methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    const params = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index}${"x".repeat(500)}`, 1]));
    const answer = (await socket.ask(request("test.echo", { ...params, first: 1 }, 1))) as Frame;
    expect(answer.error!.data.issues).toHaveLength(20);
    expect(JSON.stringify(answer).length).toBeLessThan(20_000);
  });

  test("params may come by position: required ones first, otherwise in the schema's order", async () => {
    const { calls, methods } = controlled();
    await using server = await testGateway({ methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    await socket.ask(request("test.echo", [1], 1));
    await socket.ask(request("test.echo", [2, "b", true], 1));
    expect(calls).toEqual([
      { first: 1, third: false },
      { first: 2, second: "b", third: true },
    ]);
    expect(await socket.ask(request("rpc.ping", [], 1))).toMatchObject({ result: { pong: true } });
    expect(await socket.ask(request("test.echo", [1, "b", true, "more"], 1))).toMatchObject({
      error: {
        message: 'Too many params for "test.echo", which takes at most 3: first, second, third',
        data: { issues: [{ path: "3", message: "must not be there" }], reason: "invalid_params" },
      },
    });
    expect(await socket.ask(request("rpc.ping", [1], 1))).toMatchObject({
      error: { message: 'Too many params for "rpc.ping", which takes none' },
    });
    expect(await socket.ask(request("test.echo", ["1"], 1))).toMatchObject({
      error: { data: { issues: [{ path: "first", message: "must be a number, not a string" }] } },
    });
  });

  test.each([["text"], [""], [0], [-1.5], [9007199254740991], [null], ['\u2028 🙂 " \\']])(
    "the id %j comes back as it was",
    async (id) => {
      await using server = await testGateway();
      using socket = await openFrames(server.url, { token: TOKEN });
      expect(await socket.ask({ jsonrpc: "2.0", id, method: "rpc.ping" })).toMatchObject({
        id,
        result: { pong: true },
      });
      expect(await socket.ask({ jsonrpc: "2.0", id, method: "no.such" })).toMatchObject({
        id,
        error: { code: -32601 },
      });
    },
  );

  test("two requests under one id are both run and both answered", async () => {
    const { calls, gate, methods } = controlled();
    await using server = await testGateway({ methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(JSON.stringify(request("test.wait", { name: "a" }, 7)));
    socket.send(JSON.stringify(request("test.wait", { name: "b" }, 7)));
    // One that needs no waiting overtakes them.
    expect(await socket.ask(request("rpc.ping", {}, 7))).toMatchObject({ id: 7, result: { pong: true } });
    expect(calls).toEqual(["a", "b"]);
    gate.resolve();
    const answers = [await socket.next(), await socket.next()];
    expect(answers).toContainEqual({ jsonrpc: "2.0", id: 7, result: { name: "a" } });
    expect(answers).toContainEqual({ jsonrpc: "2.0", id: 7, result: { name: "b" } });
  });

  test("a notification is run and gets no answer, whatever becomes of it", async () => {
    const { calls, methods } = controlled();
    await using server = await testGateway({ methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    for (const [method, params] of [
      ["test.echo", { first: 1 }],
      ["test.echo", { first: "wrong" }],
      ["test.fail", { how: "error" }],
      ["test.fail", { how: "rejection" }],
      ["no.such", {}],
    ] as const) {
      socket.send(JSON.stringify(request(method, params)));
    }
    expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ id: 1, result: { pong: true } });
    expect(calls).toEqual([{ first: 1, third: false }, "error", "rejection"]);
    expect(socket.received.filter(({ method }) => method !== "event")).toHaveLength(2);
    expect(server.logs.filter(({ message }) => message === "request failed")).toHaveLength(2);
  });

  test("what is thrown reaches the caller without stack, path or secret, and the log with its stack", async () => {
    await using server = await testGateway({ methods: controlled().methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    for (const how of ["error", "rejection", "text", "cycle", "bigint"]) {
      expect(await socket.ask(request("test.fail", { how }, how))).toEqual({
        jsonrpc: "2.0",
        id: how,
        error: { code: -32603, message: "Internal error", data: { reason: "internal" } },
      });
    }
    expect(await socket.ask(request("test.fail", { how: "aleph" }, 1))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32004, message: "Already there: [masked]", data: { hint: "Wait", reason: "conflict" } },
    });
    const logged = server.logs.filter(({ message }) => message === "request failed");
    expect(logged.map(({ level, fields }) => [level, fields.method, typeof fields.stack])).toEqual([
      ["error", "test.fail", "string"],
      ["error", "test.fail", "string"],
      ["error", "test.fail", "undefined"],
      ["error", "test.fail", "string"],
      ["error", "test.fail", "string"],
    ]);
    expect(JSON.stringify(server.logs)).not.toContain("ssssssss");
  });

  test("the thousand-and-first request under way is refused, and room is made by an answer", async () => {
    const { calls, gate, methods } = controlled();
    await using server = await testGateway({ methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    for (let index = 0; index < 1000; index++) socket.send(JSON.stringify(request("test.wait", { name: "x" }, index)));
    expect(await socket.ask(request("rpc.ping", {}, "one more"))).toEqual({
      jsonrpc: "2.0",
      id: "one more",
      error: {
        code: -32008,
        message: "1000 requests of this connection are under way",
        data: { hint: "Wait for answers before asking more", reason: "overloaded" },
      },
    });
    expect(calls).toHaveLength(1000);
    using other = await openFrames(server.url, { token: TOKEN });
    expect(await other.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
    gate.resolve();
    for (let index = 0; index < 1000; index++) await socket.next();
    expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });

  test("a request that is under way learns that its connection has ended", async () => {
    const aborted = Promise.withResolvers<unknown>();
    const hang = defineMethod({
      name: "test.hang",
      summary: "Wait for the end",
      scope: "read",
      params: z.strictObject({}),
      result: z.unknown(),
      handle(_: object, _params, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve(signal.reason));
        return new Promise(() => undefined);
      },
    });
    await using server = await testGateway({ methods: [hang] });
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(JSON.stringify(request("test.hang", {}, 1)));
    await socket.ask(request("rpc.ping", {}, 2));
    socket[Symbol.dispose]();
    expect(await aborted.promise).toMatchObject({ reason: "cancelled" });
    await until(() => server.gateway.connections === 0);
  });
});

describe("dispatch: batches", () => {
  test("an empty batch is an invalid request, answered by one object", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send("[]");
    expect(await socket.next()).toEqual(invalid("A batch must not be empty"));
  });

  test("a batch of good, bad and notifications is answered by those that have an answer, in their order", async () => {
    const { calls, methods } = controlled();
    await using server = await testGateway({ methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    expect(
      await socket.ask([
        request("test.echo", { first: 1 }, "one"),
        request("test.echo", { first: 2 }),
        1,
        {},
        request("no.such", {}, "two"),
        request("no.such", {}),
        request("test.fail", { how: "rejection" }, "three"),
        [],
      ]),
    ).toEqual([
      { jsonrpc: "2.0", id: "one", result: { first: 1, third: false } },
      invalid("A request must be an object"),
      invalid('A request must have "jsonrpc": "2.0"'),
      {
        jsonrpc: "2.0",
        id: "two",
        error: {
          code: -32601,
          message: 'No method "no.such"',
          data: { hint: "rpc.discover lists all methods", reason: "method_not_found" },
        },
      },
      { jsonrpc: "2.0", id: "three", error: { code: -32603, message: "Internal error", data: { reason: "internal" } } },
      invalid("A request must be an object"),
    ]);
    expect(calls).toEqual([{ first: 1, third: false }, { first: 2, third: false }, "rejection"]);
  });

  test("a batch of notifications gets no answer at all", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(JSON.stringify([request("rpc.ping"), request("no.such")]));
    expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ id: 1 });
  });

  test("a batch of a hundred is run side by side, one of a hundred and one is refused", async () => {
    const { calls, gate, methods } = controlled();
    await using server = await testGateway({ methods });
    using socket = await openFrames(server.url, { token: TOKEN });
    const batch = (size: number) =>
      Array.from({ length: size }, (_, index) => request("test.wait", { name: "x" }, index));
    expect(await socket.ask(batch(101))).toEqual(invalid("A batch may hold 100 requests"));
    expect(calls).toEqual([]);
    socket.send(JSON.stringify(batch(100)));
    await until(() => calls.length === 100);
    gate.resolve();
    const answers = (await socket.next()) as Frame[];
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });
});
