import { expect, test } from "bun:test";
import { createRunLimit } from "../../src/session/run-limit.ts";
import { refusal } from "../support/config.ts";
import { startV1 } from "../support/v1.ts";

function limit(rate: number) {
  const world = { now: 0, rate };
  const { take } = createRunLimit({ rate: () => world.rate, monotonic: () => world.now });
  /** How many of so many get in. */
  const count = (times: number, identity: (index: number) => string, session: (index: number) => string) => {
    let taken = 0;
    for (let index = 0; index < times; index++) {
      try {
        take(identity(index), session(index));
        taken++;
      } catch {
        // Counted by what is missing; the refusal has a test of its own.
      }
    }
    return taken;
  };
  return { world, take, count };
}

test("createRunLimit limits an identity over its sessions, and a session over its identities", () => {
  const { world, count } = limit(3);
  expect(
    count(
      5,
      () => "a",
      (index) => `session ${index}`,
    ),
  ).toBe(3);
  expect(
    count(
      5,
      (index) => `b${index}`,
      () => "shared",
    ),
  ).toBe(3);
  expect(
    count(
      5,
      () => "c",
      () => "own",
    ),
  ).toBe(3);
  world.now += 1000;
  expect(
    count(
      5,
      () => "a",
      () => "own",
    ),
  ).toBe(3);
});

test("createRunLimit follows the config at once; 0 is no limit", () => {
  const { world, count } = limit(0);
  expect(
    count(
      100,
      () => "a",
      () => "s",
    ),
  ).toBe(100);
  world.rate = 2;
  expect(
    count(
      100,
      () => "a",
      () => "s",
    ),
  ).toBe(2);
});

test("createRunLimit says how long to wait and which key sets it", async () => {
  const { take } = limit(1);
  take("a", "s");
  expect(await refusal(() => take("a", "s"))).toMatchObject({
    reason: "rate_limited",
    message: "More than 1 runs a second",
    data: { retry_after_ms: 1000, hint: "[limits.rate].run in config.toml sets the limit" },
  });
});

test("one identity's runs are counted together, over the methods, /v1 and A2A", async () => {
  await using v1 = await startV1({ a2a: { enabled: true }, limits: { rate: { run: 0.01 } } });
  const { app } = v1;
  v1.openai.answer(() => "Here");
  const byMethod = (id: number) =>
    app.client.call("agent.run", { message: "x", session_key: `agent:main:chat:own${id}` }).then(
      () => true,
      () => false,
    );
  const byV1 = async () => {
    const { ok, body } = await v1.post("/chat/completions", {
      model: "aleph",
      messages: [{ role: "user", content: "x" }],
    });
    await body?.cancel();
    return ok;
  };
  const byA2a = async (id: number) => {
    const message = { kind: "message", role: "user", messageId: `m${id}`, parts: [{ kind: "text", text: "x" }] };
    const answer = await fetch(`${app.url}/a2a`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.token}`, "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id, method: "message/send", params: { message } }),
    });
    return !("error" in ((await answer.json()) as object));
  };
  const took = await Promise.all([0, 1, 2].flatMap((id) => [byMethod(id), byV1(), byA2a(id)]));
  expect(took.filter(Boolean)).toEqual([true]);
});
