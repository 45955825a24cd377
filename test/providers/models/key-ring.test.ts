/** Several keys of one provider: turns, rests, probes, and that no message shows one. */
import { describe, expect, test } from "bun:test";
import { AlephError } from "../../../src/protocol/errors.ts";
import { streamWithFailover } from "../../../src/providers/chain.ts";
import type { Attempt } from "../../../src/providers/models/key-ring.ts";
import type { HealthChange } from "../../../src/providers/models/pool.ts";
import type { ModelMessage, ModelRequest } from "../../../src/sdk/provider.ts";
import type { Scripted } from "../../support/providers/fake.ts";
import { createModels } from "../../support/providers/models.ts";
import { collect, never, requestOf } from "../../support/providers/open.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const KEYS = ["sk-one-secret", "sk-two-secret", "sk-three-secret"];

/** Three keys at one vendor, which answers each as `answers` says, else well. */
function setUp(count = 3) {
  const fake = startOpenAiFake();
  const clock = { now: 0 };
  const attempts: Attempt[] = [];
  const health: HealthChange[] = [];
  const answers: Record<number, Scripted> = {};
  const places: number[] = [];
  const placeOf = (headers: Headers) => KEYS.indexOf(headers.get("authorization")!.slice("Bearer ".length)) + 1;
  fake.answer(({ headers }) => {
    const place = placeOf(headers);
    places.push(place);
    return answers[place] ?? "ok";
  });
  const [api_key, ...api_keys] = KEYS.slice(0, count);
  const models = createModels({
    providers: { my: { type: "openai", base_url: fake.url, api_key: api_key!, ...(count > 1 ? { api_keys } : {}) } },
    options: {
      now: () => clock.now,
      onAttempt: (attempt) => attempts.push(attempt),
      onHealth: (change) => health.push(change),
    },
  });
  return {
    fake,
    clock,
    attempts,
    health,
    answers,
    models,
    placeOf,
    /** The places of the keys that were asked since the last look. */
    asked: () => places.splice(0),
    async say(text: string, more: Partial<ModelRequest> = {}) {
      const messages: ModelMessage[] = [{ role: "user", content: [{ type: "text", text }] }];
      return collect((await models.open("my")).stream(requestOf({ messages, ...more }), never));
    },
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

const limited = (seconds: number): Scripted => ({
  status: 429,
  message: "Slow down",
  headers: { "retry-after": String(seconds) },
});
const refused: Scripted = { status: 401, message: "No" };

async function failureOf(work: Promise<unknown>) {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AlephError)) throw new Error(`No AlephError: ${thrown}`);
  return { message: thrown.message, data: thrown.data };
}

describe("keys of a provider", () => {
  test("are used in turn", async () => {
    await using it = setUp();
    for (let count = 0; count < 6; count++) await it.say("Hello");
    expect(it.asked()).toEqual([1, 2, 3, 1, 2, 3]);
    expect(it.attempts.map(({ key }) => key)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test("stay with a conversation, whose beginning the vendor keeps", async () => {
    await using it = setUp();
    const goOn = (text: string, replies: number) => {
      const messages: ModelMessage[] = [{ role: "user", content: [{ type: "text", text }] }];
      for (let count = 0; count < replies; count++) {
        messages.push({ role: "assistant", content: [{ type: "text", text: "ok" }] });
        messages.push({ role: "user", content: [{ type: "text", text: "Go on" }] });
      }
      return it.say(text, { messages });
    };
    await it.say("First");
    await it.say("Second");
    await goOn("First", 1);
    await goOn("Second", 1);
    await goOn("First", 2);
    await goOn("Third", 1);
    expect(it.asked()).toEqual([1, 2, 1, 2, 1, 3]);
  });

  test("rest when they are limited, as long as the vendor says, and then one probe goes through", async () => {
    await using it = setUp(2);
    it.answers[1] = limited(20);
    expect((await it.say("Hello")).error).toBeUndefined();
    expect(it.asked()).toEqual([1, 2]);
    for (let count = 0; count < 3; count++) await it.say("Hello");
    expect(it.asked()).toEqual([2, 2, 2]);
    it.clock.now += 20_000;
    const gate = Promise.withResolvers<void>();
    it.answers[1] = [{ wait: gate.promise }, "well"];
    const probe = it.say("Hello");
    await it.fake.received(6);
    const others = [await it.say("Hello"), await it.say("Hello")];
    gate.resolve();
    expect([(await probe).error, ...others.map(({ error }) => error)]).toEqual([undefined, undefined, undefined]);
    expect(it.asked()).toEqual([1, 2, 2]);
    delete it.answers[1];
    await it.say("Hello");
    await it.say("Hello");
    expect(it.asked().toSorted()).toEqual([1, 2]);
    expect(it.health).toEqual([
      { provider: "my", key: 1, pauseMs: 20_000 },
      { provider: "my", key: 1, pauseMs: null },
    ]);
  });

  test("rest longer each time that they are refused", async () => {
    await using it = setUp(2);
    it.answers[1] = refused;
    const pauses = [];
    for (let count = 0; count < 3; count++) {
      await it.say("Hello");
      await it.say("Hello");
      pauses.push(it.health.at(-1)?.pauseMs);
      it.clock.now += it.health.at(-1)!.pauseMs!;
    }
    expect(pauses).toEqual([60_000, 120_000, 240_000]);
  });

  test("fail with the places of all that were tried, and with no key in sight", async () => {
    await using it = setUp();
    it.answers[1] = refused;
    it.answers[2] = { status: 402, message: "Pay" };
    it.answers[3] = limited(5);
    const { error } = await it.say("Hello");
    expect(error?.data).toEqual({
      provider: "my",
      failure: "rate_limit",
      status: 429,
      retry_after_ms: 5_000,
      keys: [
        { key: 1, failure: "auth", status: 401 },
        { key: 2, failure: "quota", status: 402 },
        { key: 3, failure: "rate_limit", status: 429 },
      ],
    });
    expect(JSON.stringify([error, it.attempts, it.health])).not.toContain("secret");
    expect(it.attempts).toMatchObject([
      { key: 1, outcome: "auth", status: 401, nextKey: 2 },
      { key: 2, outcome: "quota", status: 402, nextKey: 3 },
      { key: 3, outcome: "rate_limit", status: 429 },
    ]);
  });

  test("are not asked while all of them rest", async () => {
    await using it = setUp(2);
    it.answers[1] = limited(30);
    it.answers[2] = limited(12);
    await it.say("Hello");
    it.asked();
    it.clock.now += 2_000;
    expect((await it.say("Hello")).error).toEqual({
      reason: "provider_error",
      message: 'All 2 keys of provider "my" rest',
      data: { provider: "my", failure: "rate_limit", retry_after_ms: 10_000 },
    });
    expect(it.asked()).toEqual([]);
  });

  test("are not changed in the middle of a reply, nor for what another key would meet too", async () => {
    await using it = setUp();
    it.answers[1] = { steps: ["Hel", { error: { type: "rate_limit_exceeded", message: "Too fast" } }] };
    it.answers[2] = { status: 400, message: "Unknown field" };
    it.answers[3] = { status: 500, message: "Broken" };
    const failures = [];
    for (let count = 0; count < 3; count++) failures.push((await it.say("Hello")).error?.data.failure);
    expect([failures, it.asked()]).toEqual([
      ["rate_limit", "bad_request", "overloaded"],
      [1, 2, 3],
    ]);
  });

  test("serve what is handed on, vectors and lists in the same way", async () => {
    await using it = setUp(2);
    it.answers[1] = limited(20);
    const provider = await it.models.open("my");
    await (await provider.forward!.chat!('{"model":"m"}', new AbortController())).text();
    expect(it.asked()).toEqual([1, 2]);
    const seen: number[] = [];
    it.fake.intercept(({ headers }) => {
      seen.push(it.placeOf(headers));
      return undefined;
    });
    await provider.embed!({ model: "e", texts: ["a"] }, never);
    await provider.embed!({ model: "e", texts: ["a"] }, never);
    await provider.models(never);
    expect(seen).toEqual([2, 2]);
    expect(it.attempts.map(({ model, key, outcome }) => [model, key, outcome])).toEqual([
      [null, 1, "rate_limit"],
      [null, 2, "ok"],
      ["e", 2, "ok"],
      ["e", 2, "ok"],
      [null, 2, "ok"],
    ]);
  });

  test("are asked for the videos that they began", async () => {
    await using it = setUp(2);
    const provider = await it.models.open("my");
    const request = { model: "v", prompt: "x" };
    const jobs = [await provider.startVideo!(request, never), await provider.startVideo!(request, never)];
    expect(jobs.map(({ job }) => job)).toEqual(["1/video_1", "2/video_2"]);
    const seen: number[] = [];
    it.fake.intercept(({ headers }) => {
      seen.push(it.placeOf(headers));
      return undefined;
    });
    for (const job of ["2/video_2", "1/video_1", "video_1"]) await provider.videoStatus!(job, never);
    expect(seen).toEqual([2, 1, 1]);
  });

  test("that rest are asked when a person tests the provider", async () => {
    await using it = setUp(2);
    it.answers[1] = refused;
    it.answers[2] = refused;
    await it.say("Hello");
    delete it.answers[1];
    delete it.answers[2];
    expect((await it.say("Hello")).error?.message).toBe('All 2 keys of provider "my" rest');
    expect((await it.models.test("my/m", never)).ok).toBe(true);
    expect((await it.say("Hello")).error).toBeUndefined();
  });

  test("keep their rest when the provider is opened anew", async () => {
    await using it = setUp(2);
    it.answers[1] = limited(60);
    await it.say("Hello");
    it.models.forget("my");
    it.asked();
    await it.say("Hello");
    await it.say("Hello");
    expect(it.asked()).toEqual([2, 2]);
  });

  test("that are left by the reader, or cancelled, do not rest", async () => {
    await using it = setUp(2);
    it.answers[1] = { steps: ["Hello"], end: "silence" };
    it.answers[2] = { steps: ["Hello"], end: "silence" };
    const provider = await it.models.open("my");
    for await (const _part of provider.stream(requestOf(), never)) break;
    const controller = new AbortController();
    for await (const _part of provider.stream(requestOf(), controller.signal)) {
      controller.abort();
      break;
    }
    expect(it.attempts.map(({ key, outcome }) => [key, outcome])).toEqual([
      [1, "cancelled"],
      [2, "cancelled"],
    ]);
    expect(it.health).toEqual([]);
  });
});

test("a provider with one key is asked each time, and its attempts name none", async () => {
  await using it = setUp(1);
  it.answers[1] = limited(60);
  for (let count = 0; count < 2; count++) {
    expect((await it.say("Hello")).error?.data).toEqual({
      provider: "my",
      failure: "rate_limit",
      status: 429,
      retry_after_ms: 60_000,
    });
  }
  delete it.answers[1];
  it.clock.now += 5;
  await it.say("Hello");
  expect(it.asked()).toEqual([1, 1, 1]);
  expect(it.attempts).toEqual([
    { provider: "my", model: "test-model", key: null, outcome: "rate_limit", status: 429, ms: 0 },
    { provider: "my", model: "test-model", key: null, outcome: "rate_limit", status: 429, ms: 0 },
    { provider: "my", model: "test-model", key: null, outcome: "ok", ms: 0 },
  ]);
});

test("keys may stand in the list alone, and one that is there twice counts once", async () => {
  const fake = startOpenAiFake();
  await using _ = fake;
  const attempts: Attempt[] = [];
  const models = createModels({
    providers: { my: { type: "openai", base_url: fake.url, api_keys: ["env:A", "env:B", "env:A"] } },
    options: {
      resolveSecret: async (value) => value.replace("env:A", "sk-one-secret").replace("env:B", "sk-two-secret"),
      onAttempt: (attempt) => attempts.push(attempt),
    },
  });
  fake.answer(() => "ok");
  const provider = await models.open("my");
  for (let count = 0; count < 3; count++) await collect(provider.stream(requestOf(), never));
  expect(fake.requests.map(({ headers }) => headers.get("authorization"))).toEqual([
    "Bearer sk-one-secret",
    "Bearer sk-two-secret",
    "Bearer sk-one-secret",
  ]);
  expect((await models.describe()).providers).toMatchObject([{ id: "my", has_key: true }]);
  expect((await createModels({ providers: { anthropic: { api_keys: ["a"] } } }).describe()).default).toBe(
    "anthropic/claude-sonnet-5-5",
  );
});

test("chain tells of keys by their place, in its traces and in its error", async () => {
  await using it = setUp(2);
  it.answers[1] = limited(60);
  it.answers[2] = refused;
  const traces: unknown[] = [];
  const chain = streamWithFailover({
    models: it.models,
    refs: ["my/m"],
    request: requestOf(),
    signal: never,
    onTrace: (kind, detail) => traces.push([kind, detail]),
  });
  const { data } = await failureOf(Array.fromAsync(chain));
  expect(traces).toEqual([
    ["model", { provider: "my", model: "m" }],
    ["retry", { provider: "my", model: "m", key: 1, failure: "rate_limit", status: 429, to_key: 2, wait_ms: 0 }],
  ]);
  expect(data).toEqual({
    provider: "my",
    failure: "auth",
    status: 401,
    attempts: [
      { provider: "my", model: "m", key: 1, failure: "rate_limit", status: 429 },
      { provider: "my", model: "m", key: 2, failure: "auth", status: 401 },
    ],
  });
});
