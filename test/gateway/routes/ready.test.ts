import { expect, test } from "bun:test";
import { readyRoute } from "../../../src/gateway/routes/ready.ts";
import { testApp } from "../../support/app.ts";
import { testGateway } from "../../support/gateway.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("GET /ready is 200 OK for anyone once work is taken", async () => {
  await using app = await testApp();
  const answer = await fetch(`${app.url}/ready`);
  expect([answer.status, await answer.text(), answer.headers.get("cache-control")]).toEqual([200, "OK", "no-store"]);
});

test("GET /ready is 503 and says no more when work is not taken", async () => {
  await using server = await testGateway({
    routes: {
      "GET /ready": { ...readyRoute, handle: (_, request) => readyRoute.handle({ isReady: () => false }, request) },
    },
  });
  const answer = await fetch(`${server.url}/ready`);
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { error: { message: "Not ready", reason: "overloaded", data: { reason: "overloaded" } } },
  ]);
});

test("GET /ready is 503 while the server waits for a run before it stops", async () => {
  await using fake = startOpenAiFake();
  const release = Promise.withResolvers<void>();
  fake.reply(["Half of ", { wait: release.promise }, "the answer"]);
  const app = await testApp({
    config: {
      providers: { fake: { type: "openai-compatible", base_url: fake.url, api_key: "x", models: ["test-model"] } },
      models: { default: "fake/test-model" },
    },
  });
  const chunk = Promise.withResolvers<void>();
  const shutdown = Promise.withResolvers<void>();
  await app.client.subscribe("stream.chunk", () => chunk.resolve());
  await app.client.subscribe("system.shutdown", () => shutdown.resolve());
  await app.client.call("agent.run", { message: "Tell me" });
  await chunk.promise;
  const stopped = app.app[Symbol.asyncDispose]();
  await shutdown.promise;
  expect((await fetch(`${app.url}/ready`)).status).toBe(503);
  expect((await fetch(`${app.url}/health`)).status).toBe(200);
  expect(await app.client.call("rpc.ping", {})).toMatchObject({ pong: true });
  release.resolve();
  await stopped;
  await expect(fetch(`${app.url}/health`)).rejects.toThrow();
});
