import { expect, test } from "bun:test";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("models.config tells what is in force and where it comes from, and no key", async () => {
  await using t = await conversation({
    config: { models: { aliases: { quick: "fake/m" }, fallbacks: ["fake/test-model"] } },
  });
  expect(await checked(t.client)("models.config", {})).toEqual({
    default: "fake/m",
    aliases: { quick: "fake/m" },
    fallbacks: ["fake/test-model"],
    types: ["anthropic", "openai", "gemini", "ollama", "openai-compatible", "demo"],
    providers: [
      {
        id: "fake",
        type: "openai-compatible",
        base_url: t.fake.url,
        from: "config",
        has_key: true,
        keys_from: ["config"],
        models: ["m"],
        retry_in_ms: 0,
        resting_keys: [],
      },
      {
        id: "ollama",
        type: "ollama",
        base_url: "http://127.0.0.1:9",
        from: "environment",
        has_key: false,
        keys_from: [],
        models: [],
        retry_in_ms: 0,
        resting_keys: [],
      },
    ],
  });
});
