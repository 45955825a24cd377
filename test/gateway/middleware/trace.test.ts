import { expect, test } from "bun:test";
import * as z from "zod";
import { defineMethod } from "../../../src/sdk/method.ts";
import { openFrames, request } from "../../support/frames.ts";
import { TOKEN, testGateway } from "../../support/gateway.ts";

const talk = defineMethod({
  name: "test.talk",
  summary: "Write a log line",
  scope: "read",
  params: z.strictObject({}),
  result: z.unknown(),
  async handle(_: object, _params, { log, traceId }) {
    log.info("said something", { fact: 1 });
    return traceId;
  },
});

test("trace: a request's log lines bear its number and method, and at level debug there is one with its time", async () => {
  await using server = await testGateway({ methods: [talk], level: "debug" });
  using socket = await openFrames(server.url, { token: TOKEN });
  expect(await socket.ask(request("test.talk", {}, 1))).toMatchObject({ result: "c1.2" });
  expect(server.logs.slice(-2)).toEqual([
    {
      ts: expect.any(Number),
      level: "info",
      message: "said something",
      fields: { trace: "c1.2", method: "test.talk", fact: 1 },
    },
    {
      ts: expect.any(Number),
      level: "debug",
      message: "request handled",
      fields: { trace: "c1.2", method: "test.talk", ms: expect.any(Number) },
    },
  ]);
});

test("trace: below level debug a request leaves no line of its own", async () => {
  await using server = await testGateway({ methods: [talk] });
  using socket = await openFrames(server.url, { token: TOKEN });
  await socket.ask(request("rpc.ping", {}, 1));
  await socket.ask(request("test.talk", {}, 2));
  expect(server.logs.map(({ message }) => message)).toEqual(["said something"]);
});
