import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createSetup } from "../../../src/panel/state/setup.ts";
import { KINDS } from "../../../src/protocol/provider-kind.ts";
import { testApp } from "../../support/app.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const kindOf = (type: string) => KINDS.find((kind) => kind.type === type)!;

describe("setup", () => {
  test("uses a key that is in the environment without writing it, and asks the model that was chosen", async () => {
    await using fake = startOpenAiFake({ models: ["large", "small"] });
    fake.reply("Yes", "Here");
    await using app = await testApp({ env: { OPENAI_API_KEY: "k", OPENAI_BASE_URL: fake.url } });
    const setup = createSetup((method, params) => app.client.call(method, params));
    await setup.load();
    const first = setup.kinds.peek().find(({ found }) => found?.has_key);
    expect(first!.found).toMatchObject({ from: "environment", has_key: true, base_url: fake.url });
    setup.choose(first!.kind);
    await setup.test();
    expect([setup.step.peek(), setup.trouble.peek()]).toEqual(["model", undefined]);
    setup.change({ model: "small" });
    await setup.save();
    expect(setup.step.peek()).toBe("done");
    expect(fake.requests.map(({ body }) => body.model)).toEqual([expect.any(String), "small"]);
    const written = readFileSync(app.home.config, "utf8");
    expect(written).toContain(`default = "${first!.found!.id}/small"`);
    expect(written).not.toContain("api_key");
  });

  test("stays where it is when the model that was chosen does not answer", async () => {
    await using fake = startOpenAiFake({ models: ["large", "small"] });
    fake.reply("Yes", { status: 404, message: "no such model" });
    await using app = await testApp();
    const setup = createSetup((method, params) => app.client.call(method, params));
    await setup.load();
    setup.choose(kindOf("openai-compatible"));
    setup.change({ address: fake.url, key: "k" });
    await setup.test();
    setup.change({ model: "small" });
    await setup.save();
    expect(setup.step.peek()).toBe("model");
    expect(setup.trial.peek()).toMatchObject({ ok: false, model: "small", models: ["large", "small"] });
    expect(existsSync(app.home.config) && readFileSync(app.home.config, "utf8").includes("small")).toBe(false);
  });

  test("names a service after its address until somebody names it, and writes it untested where that is wanted", async () => {
    await using app = await testApp();
    const setup = createSetup((method, params) => app.client.call(method, params));
    await setup.load();
    setup.choose(kindOf("openai-compatible"));
    setup.change({ address: "https://openrouter.ai/api/v1" });
    expect(setup.draft.peek()!.id).toBe("openrouter");
    setup.change({ id: "mine" });
    setup.change({ address: "http://127.0.0.1:1/v1" });
    expect(setup.draft.peek()!.id).toBe("mine");
    await setup.test();
    expect([setup.step.peek(), setup.trial.peek()?.ok]).toEqual(["details", false]);
    await setup.save(true);
    expect(setup.step.peek()).toBe("done");
    expect(readFileSync(app.home.config, "utf8")).toContain("[providers.mine]");
  });

  test("leaves a service of the same kind as it is, and its key to itself, when another one is set up", async () => {
    await using old = startOpenAiFake({ key: "sk-old" });
    await using other = startOpenAiFake({ models: ["m"] });
    other.reply("Yes");
    const table = `[providers.local]\ntype = "openai-compatible"\nbase_url = "${old.url}"\napi_key = "sk-old"\n`;
    await using app = await testApp({ toml: table });
    const setup = createSetup((method, params) => app.client.call(method, params));
    await setup.load();
    setup.choose(kindOf("openai-compatible"));
    expect(setup.draft.peek()).toMatchObject({ id: "local", address: old.url });
    setup.change({ address: other.url });
    expect(setup.draft.peek()!.id).toBe("local-2");
    setup.change({ address: `${old.url}/` });
    expect(setup.draft.peek()!.id).toBe("local");
    setup.change({ address: other.url });
    await setup.test();
    await setup.save();
    expect(setup.step.peek()).toBe("done");
    expect(other.requests.map(({ headers }) => headers.get("authorization"))).not.toContain("Bearer sk-old");
    const written = readFileSync(app.home.config, "utf8");
    expect(written).toStartWith(table);
    expect(written).toContain("[providers.local-2]");
  });

  test("does not bring back what somebody has left before it answered", async () => {
    const asked: PromiseWithResolvers<unknown>[] = [];
    const call = ((method: string) => {
      const answer = Promise.withResolvers<unknown>();
      if (method === "models.config") answer.resolve({ default: null, fallbacks: [], providers: [], types: [] });
      else asked.push(answer);
      return answer.promise;
    }) as unknown as Call;
    const setup = createSetup(call);
    await setup.load();
    setup.choose(kindOf("openai-compatible"));
    setup.change({ address: "http://127.0.0.1:1/v1", key: "one" });
    const slow = setup.test();
    setup.back();
    setup.choose(kindOf("anthropic"));
    setup.change({ key: "two" });
    expect(setup.busy.peek()).toBe(false);
    const second = setup.test();
    asked[0]!.resolve({ ok: true, provider: "127", model: "old", latency_ms: 1, models: ["old"], error: null });
    await slow;
    expect([setup.step.peek(), setup.draft.peek(), setup.trial.peek(), setup.busy.peek()]).toMatchObject([
      "details",
      { kind: { type: "anthropic" }, key: "two" },
      undefined,
      true,
    ]);
    setup.change({ key: "three" });
    asked[1]!.reject(new Error("too late"));
    await second;
    expect([setup.draft.peek()?.key, setup.trouble.peek(), setup.busy.peek()]).toEqual(["three", undefined, false]);
  });

  test("says what the server refuses", async () => {
    await using app = await testApp();
    const setup = createSetup((method, params) => app.client.call(method, params));
    await setup.load();
    setup.choose(kindOf("openai-compatible"));
    setup.change({ id: "not a name", address: "https://example.com" });
    await setup.test();
    expect(setup.trouble.peek()).toContain("id");
    setup.back();
    expect([setup.step.peek(), setup.trouble.peek()]).toEqual(["kind", undefined]);
  });
});
