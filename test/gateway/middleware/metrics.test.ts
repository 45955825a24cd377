import { expect, test } from "bun:test";
import * as z from "zod";
import { AlephError } from "../../../src/protocol/errors.ts";
import { defineMethod } from "../../../src/sdk/method.ts";
import { openFrames, request } from "../../support/frames.ts";
import { TOKEN, testGateway } from "../../support/gateway.ts";

let now = 0;

const slow = defineMethod({
  name: "test.slow",
  summary: "Take some time, and perhaps fail",
  scope: "read",
  params: z.strictObject({ fail: z.boolean() }),
  result: z.unknown(),
  async handle(_: object, { fail }) {
    await Promise.resolve();
    now += 20;
    if (fail) throw new AlephError("timeout", "Too late");
    return 1;
  },
});

test("metrics: counts by method and outcome, with the time until the answer", async () => {
  await using server = await testGateway({ methods: [slow], monotonic: () => now });
  using socket = await openFrames(server.url, { token: TOKEN });
  for (const fail of [false, true, false]) await socket.ask(request("test.slow", { fail }, 1));
  socket.send(JSON.stringify(request("test.slow", { fail: false })));
  await socket.ask(request("test.slow", {}, 1));
  expect(server.metrics.requests.filter(({ method }) => method === "test.slow")).toEqual([
    { method: "test.slow", outcome: "ok", count: 3, ms: 60 },
    { method: "test.slow", outcome: "timeout", count: 1, ms: 20 },
    { method: "test.slow", outcome: "invalid_params", count: 1, ms: 0 },
  ]);
});
