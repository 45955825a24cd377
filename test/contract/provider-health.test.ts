/** Health of providers seen from outside: events and /metrics of a whole server. */
import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../support/app.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

test("a key that is limited, and its provider that fails, are told of as events and counted", async () => {
  await using fake = startOpenAiFake();
  fake.answer(({ headers }) =>
    headers.get("authorization") === "Bearer sk-secret-one"
      ? { status: 429, message: "Slow down", headers: { "retry-after": "600" } }
      : "Hello",
  );
  await using app = await testApp({
    config: {
      providers: {
        my: {
          type: "openai-compatible",
          base_url: fake.url,
          api_keys: ["sk-secret-one", "sk-secret-two"],
          models: ["m"],
        },
      },
      models: { default: "my/m" },
    },
  });
  const { events, until } = await collectEvents(app.client, "**");
  const { run_id, status } = await app.client.call("session.send", { message: "Hi" });
  expect(status).toBe("completed");
  const failed = await until(({ topic }) => topic === "provider.failed");
  expect(failed.data).toEqual({ provider: "my", key: 1, retry_in_ms: 600_000 });
  const traces = events.filter(({ topic }) => topic === "stream.agent_trace").map(({ data }) => data as never);
  expect(traces).toContainEqual({
    run_id,
    session_key: expect.any(String),
    step: 1,
    kind: "retry",
    detail: { provider: "my", model: "m", key: 1, failure: "rate_limit", status: 429, to_key: 2, wait_ms: 0 },
  } as never);
  fake.answer(() => ({ status: 400, message: "Never mind" }));
  await app.client.call("session.send", { message: "Hi" }).catch(() => "as it must");
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics.split("\n").filter((line) => line.startsWith("aleph_provider_requests_total{"))).toEqual([
    'aleph_provider_requests_total{provider="my",key="1",outcome="rate_limit"} 1',
    'aleph_provider_requests_total{provider="my",key="2",outcome="ok"} 1',
    'aleph_provider_requests_total{provider="my",key="2",outcome="bad_request"} 1',
  ]);
  expect(JSON.stringify(events) + metrics).not.toContain("sk-secret");
});

test("a provider that fails again and again is told of, and so is that it is well again", async () => {
  await using fake = startOpenAiFake();
  fake.answer(() => ({ status: 500, message: "Broken", headers: { "retry-after-ms": "1" } }));
  await using app = await testApp({
    config: {
      providers: { my: { type: "openai-compatible", base_url: fake.url, models: ["m"] } },
      models: { default: "my/m" },
    },
  });
  const { until } = await collectEvents(app.client, "provider.*");
  for (let count = 0; count < 2; count++) {
    await app.client.call("session.send", { message: "Hi" }).catch(() => "as it must");
  }
  expect((await until(({ topic }) => topic === "provider.failed")).data).toEqual({
    provider: "my",
    key: null,
    retry_in_ms: 30_000,
  });
  fake.answer(() => "Hello");
  expect(await app.client.call("models.test", { target: "my" })).toMatchObject({ ok: true });
  expect((await until(({ topic }) => topic === "provider.recovered")).data).toEqual({ provider: "my", key: null });
});
