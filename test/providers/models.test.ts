/** Names made into provider and model, what is listed and told of providers, and real tests of them. */
import { describe, expect, test } from "bun:test";
import type { Config } from "../../src/config/schema.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { providers } from "../../src/providers/index.ts";
import { Models } from "../../src/providers/models.ts";
import { startAnthropicFake } from "../support/providers/anthropic.ts";
import type { ProviderFake } from "../support/providers/fake.ts";
import { configOf, createModels, withoutOllama } from "../support/providers/models.ts";
import { startOllamaFake } from "../support/providers/ollama.ts";
import { collect, never, requestOf, silentLog } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const compatible = (fake: ProviderFake, more: object = {}) => ({
  type: "openai-compatible",
  base_url: fake.url,
  ...more,
});

/** Ollama's own address leads to the fake. */
function withOllama(fake: ProviderFake): typeof fetch {
  const redirected = async (...[input, init]: Parameters<typeof fetch>) => {
    const url = String(input instanceof Request ? input.url : input);
    return fetch(url.replace("http://127.0.0.1:11434", fake.url), init);
  };
  return Object.assign(redirected, { preconnect: fetch.preconnect });
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: AlephError) => ({ reason: thrown.reason, message: thrown.message, ...thrown.data }),
  );

describe("Models.resolve", () => {
  test("takes provider/model without asking anybody", async () => {
    await using fake = startOpenAiFake();
    const models = createModels({ providers: { my: compatible(fake) } });
    expect(await models.resolve("my/org/model:7b")).toEqual({
      provider: "my",
      model: "org/model:7b",
      ref: "my/org/model:7b",
    });
    expect(fake.journal).toEqual([]);
  });

  test("looks a bare id up in the tables first", async () => {
    await using fake = startOpenAiFake({ models: ["big"] });
    await using other = startOpenAiFake();
    const models = createModels({ providers: { one: compatible(fake), two: compatible(other, { models: ["big"] }) } });
    expect((await models.resolve("big")).ref).toBe("two/big");
    expect(fake.journal).toEqual([]);
  });

  test("looks a bare id up in what the providers list, once for all who ask", async () => {
    await using one = startOpenAiFake({ models: ["a"] });
    await using two = startOpenAiFake({ models: ["b", "org/c"] });
    const models = createModels({ providers: { one: compatible(one), two: compatible(two) } });
    const refs = await Promise.all(["a", "b", "org/c"].map((name) => models.resolve(name)));
    expect(refs.map(({ ref }) => ref)).toEqual(["one/a", "two/b", "two/org/c"]);
    expect([one.journal.length, two.journal.length]).toEqual([1, 1]);
  });

  test("asks again for a name that may have been added a moment ago", async () => {
    let list = ["a"];
    const clock = { now: 0 };
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ object: "list", data: list.map((id) => ({ id })) }),
    });
    const models = createModels({
      providers: { one: { type: "openai-compatible", base_url: `${server.url.origin}/v1` } },
      options: { now: () => clock.now },
    });
    await models.resolve("a");
    list = ["a", "b"];
    expect(await thrownBy(models.resolve("b"))).toMatchObject({ reason: "not_found" });
    clock.now += 11_000;
    expect((await models.resolve("b")).ref).toBe("one/b");
  });

  test("goes on without a provider that cannot list", async () => {
    await using one = startOpenAiFake();
    await using two = startOpenAiFake({ models: ["b"] });
    one.failModels(500);
    const models = createModels({ providers: { one: compatible(one), two: compatible(two) } });
    expect((await models.resolve("b")).ref).toBe("two/b");
  });

  test("takes an id of Ollama without its tag", async () => {
    await using fake = startOllamaFake({ models: ["llama3:latest"] });
    const models = createModels({ providers: { ollama: { base_url: fake.url } } });
    expect((await models.resolve("llama3")).ref).toBe("ollama/llama3:latest");
  });

  test("follows aliases, also to other aliases", async () => {
    await using fake = startOpenAiFake();
    const models = createModels({
      providers: { my: compatible(fake) },
      models: { aliases: { fast: "small", small: "my/tiny" } },
    });
    expect((await models.resolve("fast")).ref).toBe("my/tiny");
  });

  test("refuses aliases in a circle", async () => {
    const models = createModels({ models: { aliases: { a: "b", b: "a" }, default: "a" } });
    const error = { reason: "config_invalid", message: 'Model alias "a" leads to no model' };
    expect(await thrownBy(models.resolve("a"))).toEqual(error);
    expect(await thrownBy(models.resolve("default"))).toEqual(error);
  });

  test("takes a provider's id for its default model", async () => {
    await using fake = startOpenAiFake({ models: ["first", "second"] });
    const models = createModels({
      providers: { my: compatible(fake), mine: compatible(fake, { models: ["chosen"] }) },
      env: { ANTHROPIC_API_KEY: "k" },
    });
    const refs = await Promise.all(["my", "mine", "anthropic"].map((name) => models.resolve(name)));
    expect(refs.map(({ ref }) => ref)).toEqual(["my/first", "mine/chosen", "anthropic/claude-sonnet-5-5"]);
  });

  test("says which name is near an unknown one", async () => {
    await using fake = startOpenAiFake({ models: ["qwen3-coder"] });
    const models = createModels({ providers: { my: compatible(fake) } });
    expect(await thrownBy(models.resolve("qwen3-codr"))).toEqual({
      reason: "not_found",
      message: 'Model "qwen3-codr" is not known',
      hint: 'Did you mean "qwen3-coder"?',
    });
  });

  test("ends with its signal although the list is still under way", async () => {
    const gate = Promise.withResolvers<Response>();
    await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => gate.promise });
    const models = createModels({ providers: { my: { type: "openai-compatible", base_url: server.url.origin } } });
    const controller = new AbortController();
    const resolving = thrownBy(models.resolve("x", controller.signal));
    controller.abort();
    expect(await resolving).toMatchObject({ reason: "cancelled" });
    gate.resolve(Response.json({ data: [] }));
  });
});

describe("Models' default", () => {
  const defaultOf = async (models: Models) => (await models.resolve("default")).ref;

  test("is what the config says", async () => {
    const models = createModels({ env: { ANTHROPIC_API_KEY: "k" }, models: { default: "demo/demo" } });
    expect(await defaultOf(models)).toBe("demo/demo");
  });

  test("is that of the first table, before the environment", async () => {
    await using fake = startOpenAiFake({ models: ["local"] });
    const models = createModels({ providers: { my: compatible(fake) }, env: { ANTHROPIC_API_KEY: "k" } });
    expect(await defaultOf(models)).toBe("my/local");
  });

  test.each([
    [{ ANTHROPIC_API_KEY: "k", OPENAI_API_KEY: "k" }, "anthropic/claude-sonnet-5-5"],
    [{ OPENAI_API_KEY: "k", GEMINI_API_KEY: "k" }, "openai/gpt-5.6-terra"],
    [{ GEMINI_API_KEY: "k" }, "gemini/gemini-flash-latest"],
    [{ GOOGLE_API_KEY: "k" }, "gemini/gemini-flash-latest"],
    [{}, "demo/demo"],
  ])("with the environment %p is %p", async (env, ref) => {
    expect(await defaultOf(createModels({ env }))).toBe(ref);
  });

  test("passes over a provider without its key, one that lists nothing, and one whose table is wrong", async () => {
    await using empty = startOpenAiFake({ models: [] });
    const models = createModels({
      providers: {
        anthropic: {},
        empty: compatible(empty),
        odd: { type: "nonsense" },
        last: { type: "gemini", api_key: "k" },
      },
    });
    expect(await defaultOf(models)).toBe("last/gemini-flash-latest");
  });

  test("is the first model of a local Ollama when there is nothing else", async () => {
    await using fake = startOllamaFake({ models: ["qwen3:8b", "llama3:latest"] });
    const models = createModels({ options: { fetch: withOllama(fake) } });
    expect(await defaultOf(models)).toBe("ollama/qwen3:8b");
    expect(await models.describe()).toEqual({
      default: "ollama/qwen3:8b",
      aliases: {},
      fallbacks: [],
      types: Object.keys(providers),
      providers: [
        {
          id: "ollama",
          type: "ollama",
          base_url: "http://127.0.0.1:11434",
          from: "detected",
          has_key: false,
          keys_from: [],
          models: [],
          retry_in_ms: 0,
          resting_keys: [],
        },
      ],
    });
  });

  test("is the demo when the local Ollama has no model", async () => {
    await using fake = startOllamaFake({ models: [] });
    expect(await defaultOf(createModels({ options: { fetch: withOllama(fake) } }))).toBe("demo/demo");
  });

  test("does not look for Ollama when there is something else, and only once a minute otherwise", async () => {
    let looked = 0;
    const clock = { now: 0 };
    const counting: typeof fetch = Object.assign(
      async (...args: Parameters<typeof fetch>) => {
        looked++;
        return withoutOllama(...args);
      },
      { preconnect: fetch.preconnect },
    );
    const options = { fetch: counting, now: () => clock.now };
    await defaultOf(createModels({ env: { ANTHROPIC_API_KEY: "k" }, options }));
    expect(looked).toBe(0);
    const models = createModels({ options });
    await defaultOf(models);
    await defaultOf(models);
    expect(looked).toBe(1);
    clock.now += 60_000;
    await defaultOf(models);
    expect(looked).toBe(2);
  });
});

describe("Models.order", () => {
  test("puts the fallbacks behind what is wanted, or behind the default", () => {
    const models = createModels({ models: { fallbacks: ["b", "c"] } });
    expect([models.order("a"), models.order()]).toEqual([
      ["a", "b", "c"],
      ["default", "b", "c"],
    ]);
  });
});

describe("Models.open", () => {
  test("opens a provider once, and again when its table changed", async () => {
    await using one = startOpenAiFake();
    await using two = startOpenAiFake();
    let config: Config = configOf({ providers: { my: compatible(one) } });
    const models = new Models({
      types: providers,
      config: () => config,
      env: {},
      resolveSecret: async (value) => value,
      log: silentLog,
      fetch,
    });
    const first = await models.open("my");
    expect(await models.open("my")).toBe(first);
    config = configOf({ providers: { my: compatible(one), other: compatible(two) } });
    expect(await models.open("my")).toBe(first);
    config = configOf({ providers: { my: compatible(two) } });
    const second = await models.open("my");
    two.reply("from two");
    expect((await collect(second.stream(requestOf(), never))).parts[0]).toEqual({ type: "text", text: "from two" });
  });

  test("resolves the secrets of the table, in headers too, when it opens", async () => {
    await using fake = startOpenAiFake({ key: "the-key" });
    fake.reply("ok");
    const models = createModels({
      providers: { my: compatible(fake, { api_key: "env:MY_KEY", headers: { "x-team": "file:team" } }) },
      options: {
        resolveSecret: async (value) => ({ "env:MY_KEY": "the-key", "file:team": "blue" })[value] ?? value,
      },
    });
    const provider = await models.open("my");
    expect((await collect(provider.stream(requestOf(), never))).error).toBeUndefined();
    expect(fake.requests[0]!.headers.get("x-team")).toBe("blue");
  });

  test("tries anew after a secret could not be resolved", async () => {
    await using fake = startOpenAiFake();
    let there = false;
    const models = createModels({
      providers: { my: compatible(fake, { api_key: "file:key" }) },
      options: {
        resolveSecret: async (value) => {
          if (value === "file:key" && !there) throw new AlephError("config_invalid", "The file is not there");
          return value;
        },
      },
    });
    expect(await thrownBy(models.open("my"))).toMatchObject({ message: "The file is not there" });
    there = true;
    expect((await models.open("my")).id).toBe("my");
  });

  test("refuses an unknown provider, an unknown type, a table without type and a wrong table", async () => {
    const models = createModels({
      providers: {
        typo: { type: "antropic" },
        mine: {},
        wrong: { type: "openai", api_key: "k", timeout_ms: -1, colour: "red" },
      },
    });
    expect(await thrownBy(models.open("absent"))).toEqual({
      reason: "not_found",
      message: 'Provider "absent" is not configured',
    });
    expect(await thrownBy(models.open("typo"))).toEqual({
      reason: "config_invalid",
      message: 'Provider "typo" has the unknown type "antropic"',
      issues: [{ path: "providers.typo.type", message: 'Provider "typo" has the unknown type "antropic"' }],
      hint: 'Did you mean "anthropic"?',
    });
    expect(await thrownBy(models.open("mine"))).toMatchObject({ message: 'Provider "mine" has no type' });
    expect(await thrownBy(models.open("wrong"))).toMatchObject({
      reason: "config_invalid",
      issues: [{ path: "providers.wrong.timeout_ms" }, { path: "providers.wrong" }],
    });
  });

  test("refuses a provider that lacks its key without a request", async () => {
    const models = createModels({ providers: { anthropic: {} } });
    expect(await thrownBy(models.open("anthropic"))).toEqual({
      reason: "provider_error",
      message: 'Provider "anthropic" has no API key',
      provider: "anthropic",
      failure: "auth",
    });
  });
});

describe("Models.list", () => {
  test("lists the models of all providers and tells why some are missing", async () => {
    await using one = startAnthropicFake({ models: ["claude-x"] });
    await using two = startOpenAiFake({ key: "other" });
    const models = createModels({
      providers: {
        one: { type: "anthropic", api_key: "k", base_url: one.url },
        two: compatible(two, {
          api_key: "key",
          models: [{ id: "known", price: { input: 1, output: 2, cache_read: 0.5 } }],
        }),
      },
    });
    expect(await models.list()).toEqual({
      models: [
        {
          id: "claude-x",
          provider: "one",
          ref: "one/claude-x",
          name: "claude-x",
          context_window: 200_000,
          max_output: 64_000,
        },
        { id: "known", provider: "two", ref: "two/known", price: { input: 1, output: 2, cache_read: 0.5 } },
      ],
      errors: [
        {
          provider: "two",
          error: {
            reason: "provider_error",
            failure: "auth",
            message: 'Provider "two" refused the API key (status 401)',
          },
        },
      ],
    });
  });

  test("lists the demo when there is nothing else", async () => {
    const { models } = await createModels({}).list();
    expect(models).toEqual([
      { id: "demo", provider: "demo", ref: "demo/demo", name: "Scripted demo", price: { input: 0, output: 0 } },
    ]);
  });
});

describe("Models.describe", () => {
  test("tells default, aliases, fallbacks and providers, and no secret", async () => {
    const models = createModels({
      providers: {
        work: { type: "openai-compatible", base_url: "http://127.0.0.1:9/v1", api_key: "sk-secret", models: ["m"] },
      },
      models: { aliases: { fast: "work/m" }, fallbacks: ["anthropic"] },
      env: { ANTHROPIC_API_KEY: "sk-ant-secret" },
    });
    const described = await models.describe();
    expect(described).toEqual({
      default: "work/m",
      aliases: { fast: "work/m" },
      fallbacks: ["anthropic"],
      types: Object.keys(providers),
      providers: [
        {
          id: "work",
          type: "openai-compatible",
          base_url: "http://127.0.0.1:9/v1",
          from: "config",
          has_key: true,
          keys_from: ["config"],
          models: ["m"],
          retry_in_ms: 0,
          resting_keys: [],
        },
        {
          id: "anthropic",
          type: "anthropic",
          base_url: null,
          from: "environment",
          has_key: true,
          keys_from: ["environment"],
          models: [],
          retry_in_ms: 0,
          resting_keys: [],
        },
      ],
    });
    expect(JSON.stringify(described)).not.toContain("secret");
  });

  test("has no default where the config names one that is not there", async () => {
    expect((await createModels({ models: { default: "nonsense" } }).describe()).default).toBeNull();
  });
});

describe("Models.info", () => {
  test("puts together what the table and the list say", async () => {
    await using fake = startAnthropicFake({ models: ["claude-x"] });
    const models = createModels({
      providers: {
        my: {
          type: "anthropic",
          api_key: "k",
          base_url: fake.url,
          models: [{ id: "claude-x", price: { input: 1, output: 2 } }],
        },
      },
    });
    expect(await models.info("my/claude-x")).toEqual({
      provider: "my",
      id: "claude-x",
      price: { input: 1, output: 2 },
    });
    await models.list();
    expect(await models.info("my/claude-x")).toEqual({
      provider: "my",
      id: "claude-x",
      name: "claude-x",
      contextWindow: 200_000,
      maxOutput: 64_000,
      price: { input: 1, output: 2 },
    });
  });
});

describe("Models and what a kind of provider knows", () => {
  const price = { input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 };
  const facts = { contextWindow: 1_000_000, maxOutput: 128_000, tools: true, vision: true, thinking: true, price };

  async function setUp(date = "2026-11-21") {
    const fake = startAnthropicFake({ models: ["claude-sonnet-5-5"] });
    const table = { type: "anthropic", api_key: "k", base_url: fake.url };
    const models = createModels({
      providers: {
        my: { ...table, models: [{ id: "claude-opus-5-5", thinking: false, price: { input: 1, output: 1 } }] },
        gemini: { api_key: "k", models: ["gemini-3.8-flash"] },
      },
      options: { date: () => Date.parse(date) },
    });
    return { models, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
  }

  test("fill in what is known without asking, once the provider is open", async () => {
    await using it = await setUp();
    expect(it.models.known("my", "claude-sonnet-5-5")).toEqual({ id: "claude-sonnet-5-5" });
    await it.models.open("my");
    expect(it.models.known("my", "claude-sonnet-5-5")).toEqual({ id: "claude-sonnet-5-5", ...facts });
    expect(it.models.known("my", "claude-sonnet-5-5-20260928")).toMatchObject({ price });
    expect(it.models.known("my", "claude-of-next-year")).toEqual({ id: "claude-of-next-year" });
  });

  test("give way to what the vendor tells, and that to the config", async () => {
    await using it = await setUp();
    const { models } = await it.models.list();
    expect(models.filter(({ provider }) => provider === "my")).toEqual([
      {
        provider: "my",
        id: "claude-sonnet-5-5",
        ref: "my/claude-sonnet-5-5",
        name: "claude-sonnet-5-5",
        context_window: 200_000,
        max_output: 64_000,
        tools: true,
        vision: true,
        thinking: true,
        price: { input: 2, output: 10, cache_read: 0.1, cache_write: 2.5 },
      },
      {
        provider: "my",
        id: "claude-opus-5-5",
        ref: "my/claude-opus-5-5",
        context_window: 1_000_000,
        max_output: 128_000,
        tools: true,
        vision: true,
        thinking: false,
        price: { input: 1, output: 1 },
      },
    ]);
  });

  test("tell no price that has run out", async () => {
    await using now = await setUp();
    expect((await now.models.info("gemini/gemini-3.8-flash")).price).toEqual({
      input: 0.75,
      output: 3.75,
      cacheRead: 0.075,
    });
    await using later = await setUp("2027-01-01");
    expect(await later.models.info("gemini/gemini-3.8-flash")).toEqual({
      provider: "gemini",
      id: "gemini-3.8-flash",
      contextWindow: 1_048_576,
      maxOutput: 65_536,
      tools: true,
      vision: true,
      thinking: true,
    });
  });
});

describe("Models.test", () => {
  async function setUp(key?: string) {
    const fake = startOpenAiFake({ models: ["one", "two"], ...(key ? { key } : {}) });
    const models = createModels({ providers: { my: compatible(fake, { api_key: "right" }) } });
    return { fake, models, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
  }

  test("lists the models of a provider and has one say a word", async () => {
    await using it = await setUp("right");
    it.fake.reply("ok");
    expect(await it.models.test("my", never)).toEqual({
      ok: true,
      latency_ms: expect.any(Number),
      provider: "my",
      model: "one",
      models: ["one", "two"],
    });
    expect(it.fake.requests[0]!.body).toMatchObject({ model: "one", max_tokens: 32 });
  });

  test("tests the model that is named", async () => {
    await using it = await setUp();
    it.fake.reply("ok", "ok");
    expect(await it.models.test("my/two", never)).toMatchObject({ ok: true, model: "two" });
    expect(await it.models.test("two", never)).toMatchObject({ ok: true, model: "two" });
  });

  test("reports a refused key", async () => {
    await using it = await setUp("other");
    expect(await it.models.test("my", never)).toEqual({
      ok: false,
      latency_ms: expect.any(Number),
      provider: "my",
      model: null,
      error: { reason: "provider_error", failure: "auth", message: 'Provider "my" refused the API key (status 401)' },
    });
  });

  test("reports a model that does not answer", async () => {
    await using it = await setUp();
    it.fake.reply({ status: 404, message: "No such model" });
    expect(await it.models.test("my/absent", never)).toMatchObject({
      ok: false,
      model: "absent",
      models: ["one", "two"],
      error: { failure: "bad_request" },
    });
  });

  test("is well with a server that answers but does not list its models", async () => {
    await using it = await setUp();
    it.fake.failModels(404);
    it.fake.reply("ok");
    const trial = await it.models.test("my/one", never);
    expect(trial).toEqual({ ok: true, latency_ms: expect.any(Number), provider: "my", model: "one" });
  });

  test("reports a provider that cannot be opened", async () => {
    const models = createModels({ providers: { anthropic: {} } });
    expect(await models.test("anthropic", never)).toEqual({
      ok: false,
      latency_ms: 0,
      provider: "anthropic",
      model: null,
      error: { reason: "provider_error", failure: "auth", message: 'Provider "anthropic" has no API key' },
    });
  });

  test("throws for a name that is not known, and when it is cancelled", async () => {
    await using it = await setUp();
    expect(await thrownBy(it.models.test("absent", never))).toMatchObject({ reason: "not_found" });
    expect(await thrownBy(it.models.test("my", AbortSignal.abort()))).toMatchObject({ reason: "cancelled" });
  });

  test("tries a table that is not in the config yet", async () => {
    await using it = await setUp("right");
    it.fake.reply("ok", "ok");
    const table = { type: "openai-compatible", base_url: it.fake.url, api_key: "right" };
    expect(await it.models.testTable("new", table, never)).toMatchObject({ ok: true, provider: "new", model: "one" });
    expect(await it.models.testTable("new", table, never, "two")).toMatchObject({ ok: true, model: "two" });
    expect(await it.models.testTable("new", { ...table, api_key: "wrong" }, never)).toMatchObject({
      ok: false,
      error: { failure: "auth" },
    });
    expect(await it.models.testTable("new", { type: "nonsense" }, never)).toMatchObject({
      ok: false,
      error: { reason: "config_invalid" },
    });
  });
});
