/** One reply from several providers: retries, failover, and going on where a broken reply stopped. */
import { describe, expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { type ChainOptions, type ChainPart, streamWithFailover } from "../../src/providers/chain.ts";
import type { ProviderFake, Reply, Step } from "../support/providers/fake.ts";
import { createModels, type ModelsSetUp } from "../support/providers/models.ts";
import { never } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const REQUEST: ChainOptions["request"] = {
  system: ["Be brief."],
  messages: [{ role: "user", content: [{ type: "text", text: "Tell me" }] }],
  tools: [],
  thinking: "off",
};

interface Outcome {
  readonly parts: ChainPart[];
  readonly text: string;
  readonly traces: (readonly [string, Record<string, unknown>])[];
  readonly waits: number[];
  readonly error?: Record<string, unknown>;
}

interface SetUp extends AsyncDisposable {
  readonly a: ProviderFake;
  readonly b: ProviderFake;
  readonly clock: { now: number };
  run(options?: Partial<ChainOptions>): Promise<Outcome>;
}

/** Two providers, `a/one` and `b/two`, and a clock that moves only when somebody sleeps. */
function setUp({ table = {}, ...more }: ModelsSetUp & { table?: Record<string, unknown> } = {}): SetUp {
  const a = startOpenAiFake();
  const b = startOpenAiFake();
  const clock = { now: 0 };
  const entry = (fake: ProviderFake) => ({ type: "openai-compatible", base_url: fake.url, ...table });
  const models = createModels({ providers: { a: entry(a), b: entry(b) }, options: { now: () => clock.now }, ...more });
  return {
    a,
    b,
    clock,
    async run(options = {}) {
      const outcome: Outcome & { text: string; error?: Record<string, unknown> } = {
        parts: [],
        text: "",
        traces: [],
        waits: [],
      };
      try {
        const stream = streamWithFailover({
          models,
          refs: ["a/one", "b/two"],
          request: REQUEST,
          signal: never,
          onTrace: (kind, detail) => outcome.traces.push([kind, detail]),
          sleep: async (ms) => {
            outcome.waits.push(ms);
            clock.now += ms;
          },
          random: () => 0.5,
          ...options,
        });
        for await (const part of stream) {
          outcome.parts.push(part);
          if (part.type === "text") outcome.text += part.text;
        }
      } catch (thrown) {
        if (!(thrown instanceof AlephError)) throw thrown;
        outcome.error = { reason: thrown.reason, message: thrown.message, ...thrown.data };
      }
      return outcome;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
    },
  };
}

const overloaded: Reply = { status: 503, message: "Overloaded" };
const cut = (...steps: Step[]): Reply => ({ steps, end: "cut" });
const usage = { input: 10, output: 5, cache_read: 0, cache_write: 0, cost_usd: null };

test("chain hands on the reply of the wanted model and says who answers", async () => {
  await using it = setUp();
  it.a.reply([{ thinking: "Hm" }, "Hel", "lo", { tool_call: { id: "c", name: "time", args: {} } }]);
  const { parts, traces } = await it.run();
  expect(parts).toEqual([
    { type: "model", provider: "a", model: "one" },
    { type: "thinking", text: "Hm" },
    { type: "text", text: "Hel" },
    { type: "text", text: "lo" },
    { type: "usage", usage },
    { type: "tool_call", call_id: "c", tool: "time", args: {} },
    { type: "finish", reason: "tool_calls" },
  ]);
  expect(traces).toEqual([["model", { provider: "a", model: "one" }]]);
  expect(it.b.requests).toHaveLength(0);
});

test("chain prices usage where the price is known", async () => {
  const price = { input: 2, output: 10, cache_read: 0.5 };
  await using it = setUp({ table: { models: [{ id: "one", price }] } });
  it.a.reply({ steps: ["x"], usage: { input: 1_000_000, output: 100_000, cache_read: 2_000_000 } });
  const { parts } = await it.run();
  expect(parts.find((part) => part.type === "usage")).toEqual({
    type: "usage",
    usage: { input: 1_000_000, output: 100_000, cache_read: 2_000_000, cache_write: 0, cost_usd: 4 },
  });
});

describe("chain before the first text", () => {
  test("asks the same provider again, with growing waits", async () => {
    await using it = setUp();
    it.a.reply(overloaded, overloaded, "Hello");
    const { text, waits, traces } = await it.run();
    expect([text, waits]).toEqual(["Hello", [500, 1000]]);
    expect(traces.filter(([kind]) => kind === "retry")).toEqual([
      ["retry", { provider: "a", model: "one", failure: "overloaded", status: 503, wait_ms: 500 }],
      ["retry", { provider: "a", model: "one", failure: "overloaded", status: 503, wait_ms: 1000 }],
    ]);
    expect(it.b.requests).toHaveLength(0);
  });

  test("spreads the waits", async () => {
    await using it = setUp();
    it.a.reply(overloaded, overloaded, "Hello");
    expect((await it.run({ random: () => 0 })).waits).toEqual([250, 500]);
  });

  test("moves on after two retries", async () => {
    await using it = setUp();
    it.a.reply(overloaded, overloaded, overloaded);
    it.b.reply("Hello");
    const { text, parts, traces } = await it.run();
    expect([text, parts[0]]).toEqual(["Hello", { type: "model", provider: "b", model: "two" }]);
    expect(traces.at(-2)).toEqual([
      "failover",
      {
        provider: "a",
        model: "one",
        failure: "overloaded",
        status: 503,
        to_provider: "b",
        to_model: "two",
        sent_chars: 0,
      },
    ]);
  });

  test("waits as long as Retry-After says", async () => {
    await using it = setUp();
    it.a.reply({ status: 429, headers: { "retry-after": "7" } }, "Hello");
    expect(await it.run()).toMatchObject({ text: "Hello", waits: [7000] });
  });

  test("does not wait longer than ten seconds", async () => {
    await using it = setUp();
    it.a.reply({ status: 429, headers: { "retry-after": "11" } });
    it.b.reply("Hello");
    expect(await it.run()).toMatchObject({ text: "Hello", waits: [] });
  });

  test.each([
    [401, "No", "auth"],
    [402, "Pay", "quota"],
    [400, "Unknown parameter", "bad_request"],
    [400, "maximum context length", "context_too_long"],
  ])("moves on at once from status %p %p", async (status, message, failure) => {
    await using it = setUp();
    it.a.reply({ status, message });
    it.b.reply("Hello");
    const { text, waits, traces } = await it.run();
    expect([text, waits, traces[1]?.[1].failure]).toEqual(["Hello", [], failure]);
  });

  test("does not ask anybody else when the request was refused", async () => {
    await using it = setUp();
    it.a.reply({ status: 400, message: "content_policy_violation" });
    const { error } = await it.run();
    expect(error).toMatchObject({
      reason: "provider_error",
      failure: "refused",
      attempts: [{ provider: "a", model: "one", failure: "refused", status: 400 }],
    });
    expect(it.b.requests).toHaveLength(0);
  });

  test("treats thinking as nothing, and announces the new attempt so that it is dropped", async () => {
    await using it = setUp();
    it.a.reply(cut({ thinking: "Let me" }), [{ thinking: "Anew" }, "Hello"]);
    const { parts } = await it.run();
    expect(parts.slice(0, 5)).toEqual([
      { type: "model", provider: "a", model: "one" },
      { type: "thinking", text: "Let me" },
      { type: "model", provider: "a", model: "one" },
      { type: "thinking", text: "Anew" },
      { type: "text", text: "Hello" },
    ]);
  });

  test("gives up a call of a reply that broke", async () => {
    await using it = setUp();
    it.a.reply(cut({ tool_call: { id: "lost", name: "time", args: {} } }), [
      { tool_call: { id: "kept", name: "time", args: {} } },
    ]);
    const { parts } = await it.run();
    expect(parts.flatMap((part) => (part.type === "tool_call" ? [part.call_id] : []))).toEqual(["kept"]);
  });
});

describe("chain after text was sent", () => {
  test("has the next provider go on", async () => {
    await using it = setUp();
    it.a.reply(cut("Once upon ", "a ti"));
    it.b.reply(["me there was."]);
    const { text, parts, waits } = await it.run();
    expect([text, waits]).toEqual(["Once upon a time there was.", []]);
    expect(parts.map((part) => (part.type === "model" ? part.provider : part.type))).toEqual([
      "a",
      "text",
      "text",
      "b",
      "text",
      "usage",
      "finish",
    ]);
    const { messages } = it.b.requests[0]!.body;
    expect(messages.slice(0, 3)).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Tell me" },
      { role: "assistant", content: "Once upon a ti" },
    ]);
    expect(messages[3].content).toContain("Continue exactly where it stops");
    expect(messages).toHaveLength(4);
  });

  test("leaves out what the next provider says again", async () => {
    await using it = setUp();
    it.a.reply(cut("Once upon a ti"));
    it.b.reply(["Once upon", " a time there was."]);
    expect((await it.run()).text).toBe("Once upon a time there was.");
  });

  test("drops thinking and calls of the broken reply", async () => {
    await using it = setUp();
    it.a.reply(cut({ thinking: "Hm" }, "One ", { tool_call: { id: "lost", name: "time", args: {} } }));
    it.b.reply(["two", { tool_call: { id: "kept", name: "time", args: {} } }]);
    const { parts, text } = await it.run();
    expect(text).toBe("One two");
    expect(parts.flatMap((part) => (part.type === "tool_call" ? [part.call_id] : []))).toEqual(["kept"]);
    expect(JSON.stringify(it.b.requests[0]!.body)).not.toContain("lost");
  });

  test("goes on through several providers that break", async () => {
    await using it = setUp();
    it.a.reply(cut("One "));
    it.b.reply(cut("two "), "three");
    const { text, traces } = await it.run();
    expect(text).toBe("One two three");
    expect(traces.map(([kind, { provider }]) => `${kind} ${provider}`)).toEqual([
      "model a",
      "failover a",
      "model b",
      "retry b",
      "model b",
    ]);
  });

  test("asks the only provider once more", async () => {
    await using it = setUp();
    it.a.reply(cut("One "), cut("two "));
    const { text, error } = await it.run({ refs: ["a/one"] });
    expect(text).toBe("One two ");
    expect(error).toMatchObject({
      failure: "network",
      attempts: [
        { provider: "a", model: "one", failure: "network" },
        { provider: "a", model: "one", failure: "network" },
      ],
    });
    expect(it.a.requests).toHaveLength(2);
  });

  test("waits for the next provider as before the first text", async () => {
    await using it = setUp();
    it.a.reply(cut("One "));
    it.b.reply(overloaded, "two");
    expect(await it.run()).toMatchObject({ text: "One two", waits: [500] });
  });

  test("goes on after garbage and after silence", async () => {
    await using it = setUp({ table: { idle_timeout_ms: 30 } });
    it.a.reply(["One ", { raw: "data: {oops\n\n" }]);
    it.b.reply({ steps: ["two "], end: "silence" }, "three");
    expect((await it.run()).text).toBe("One two three");
    expect(await it.b.requests[0]!.ended).toBe("hung_up");
  });
});

describe("chain when nobody can answer", () => {
  test("tells the failure that a person can do something about, and all attempts", async () => {
    await using it = setUp();
    it.a.reply(overloaded, overloaded, overloaded);
    it.b.reply({ status: 401 });
    const { error } = await it.run();
    const failed = { provider: "a", model: "one", failure: "overloaded", status: 503 };
    expect(error).toEqual({
      reason: "provider_error",
      message: 'Provider "b" refused the API key (status 401)',
      provider: "b",
      failure: "auth",
      status: 401,
      attempts: [failed, failed, failed, { provider: "b", model: "two", failure: "auth", status: 401 }],
    });
  });

  test("tells of the first of equal failures", async () => {
    await using it = setUp();
    it.a.reply({ status: 400, message: "Odd" });
    it.b.reply({ status: 400, message: "Strange" });
    expect((await it.run()).error?.message).toBe('Provider "a" answered with status 400: Odd');
  });

  test("names a model that is not known", async () => {
    await using it = setUp();
    const { error } = await it.run({ refs: ["nonsense"] });
    expect(error).toMatchObject({ reason: "not_found", message: 'Model "nonsense" is not known', attempts: [] });
  });

  test("goes on with the others when a name is not known", async () => {
    await using it = setUp();
    it.b.reply("Hello");
    expect((await it.run({ refs: ["nonsense", "b/two"] })).text).toBe("Hello");
  });

  test("goes on with the others when a provider's table is wrong", async () => {
    await using it = setUp({
      providers: { broken: { type: "openai-compatible" }, demo: { type: "demo", delay_ms: 0 } },
    });
    const { parts } = await it.run({ refs: ["broken/x", "demo/demo"] });
    expect(parts[0]).toEqual({ type: "model", provider: "demo", model: "demo" });
  });

  test("says that there is nobody to ask", async () => {
    await using it = setUp();
    expect((await it.run({ refs: [] })).error).toMatchObject({ reason: "no_provider" });
  });
});

describe("chain and its signal", () => {
  test("stops in the middle of a reply, without asking anybody else", async () => {
    await using it = setUp();
    it.a.reply({ steps: ["Hello"], end: "silence" });
    const controller = new AbortController();
    const running = it.run({ signal: controller.signal });
    const request = await it.a.received(1);
    controller.abort();
    expect((await running).error).toMatchObject({ reason: "cancelled" });
    expect(await request.ended).toBe("hung_up");
    expect(it.b.requests).toHaveLength(0);
  });

  test("stops while it waits for a retry", async () => {
    await using it = setUp();
    it.a.reply({ status: 429, headers: { "retry-after": "9" } });
    const controller = new AbortController();
    const { error } = await it.run({
      signal: controller.signal,
      sleep: async () => controller.abort(),
    });
    expect(error).toMatchObject({ reason: "cancelled" });
    expect(it.a.requests).toHaveLength(1);
  });

  test("sends nothing when it has aborted already", async () => {
    await using it = setUp();
    expect((await it.run({ signal: AbortSignal.abort() })).error).toMatchObject({ reason: "cancelled" });
    expect(it.a.journal).toEqual([]);
  });

  test("hangs up when the reader leaves", async () => {
    await using it = setUp();
    it.a.reply({ steps: ["Hello"], end: "silence" });
    const models = createModels({ providers: { a: { type: "openai-compatible", base_url: it.a.url } } });
    for await (const part of streamWithFailover({ models, refs: ["a/one"], request: REQUEST, signal: never })) {
      if (part.type === "text") break;
    }
    expect(await it.a.requests[0]!.ended).toBe("hung_up");
  });
});

describe("chain and the breaker", () => {
  test("leaves a provider alone that failed five times, and probes it later", async () => {
    await using it = setUp();
    it.a.answer(() => overloaded);
    it.b.answer(() => "Hello");
    await it.run();
    await it.run();
    expect(it.a.requests).toHaveLength(6);
    const paused = await it.run();
    expect(paused.text).toBe("Hello");
    expect(paused.traces[0]).toEqual([
      "failover",
      { provider: "a", model: "one", failure: "paused", to_provider: "b", to_model: "two" },
    ]);
    expect(it.a.requests).toHaveLength(6);
    it.clock.now += 30_000;
    it.a.answer(() => "Back");
    expect((await it.run()).text).toBe("Back");
    expect((await it.run()).text).toBe("Back");
  });

  test("leaves a provider alone as long as it asked for, where another one answers", async () => {
    await using it = setUp();
    it.a.reply({ status: 429, headers: { "retry-after": "30" } }, "well");
    it.b.answer(() => "Hello");
    expect((await it.run()).text).toBe("Hello");
    expect((await it.run()).traces[0]).toEqual([
      "failover",
      { provider: "a", model: "one", failure: "paused", to_provider: "b", to_model: "two" },
    ]);
    it.clock.now += 30_000;
    expect((await it.run()).text).toBe("well");
    expect([it.a.requests.length, it.b.requests.length]).toEqual([2, 2]);
  });

  test("leaves a provider alone that has no money left", async () => {
    await using it = setUp();
    it.a.reply({ status: 402, message: "Pay" }, "well");
    it.b.answer(() => "Hello");
    await it.run();
    await it.run();
    it.clock.now += 60_000;
    expect((await it.run()).text).toBe("well");
    expect([it.a.requests.length, it.b.requests.length]).toEqual([2, 2]);
  });

  test("asks a paused provider all the same when it is the only one", async () => {
    await using it = setUp();
    it.a.answer(() => overloaded);
    await it.run({ refs: ["a/one"] });
    await it.run({ refs: ["a/one"] });
    it.a.answer(() => "Back");
    expect((await it.run({ refs: ["a/one"] })).text).toBe("Back");
  });

  test("does not count refused keys", async () => {
    await using it = setUp();
    it.a.answer(() => ({ status: 401 }));
    it.b.answer(() => "Hello");
    for (let count = 0; count < 7; count++) await it.run();
    expect(it.a.requests).toHaveLength(7);
  });
});

test("chain reads a refused key again for the next reply", async () => {
  const keys = ["old", "new"];
  await using fake = startOpenAiFake({ key: "new" });
  fake.answer(() => "Hello");
  const models = createModels({
    providers: { a: { type: "openai-compatible", base_url: fake.url, api_key: "file:key" } },
    options: { resolveSecret: async (value) => (value === "file:key" ? keys.shift()! : value) },
  });
  const run = () => Array.fromAsync(streamWithFailover({ models, refs: ["a/one"], request: REQUEST, signal: never }));
  await expect(run()).rejects.toMatchObject({ data: { failure: "auth" } });
  expect((await run()).map(({ type }) => type)).toEqual(["model", "text", "usage", "finish"]);
});
