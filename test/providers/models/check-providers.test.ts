/** What is wrong with a provider's table is told with the config, before anybody asks the provider. */
import { expect, test } from "bun:test";
import { providers } from "../../../src/providers/index.ts";
import { checkProviders } from "../../../src/providers/models/check-providers.ts";
import { configOf } from "../../support/providers/models.ts";

const check = (tables: Parameters<typeof configOf>[0]["providers"]) =>
  checkProviders(configOf({ providers: tables ?? {} }), providers);

test("checkProviders finds nothing wrong with good tables, with references in place of secrets too", async () => {
  const tables = {
    anthropic: { api_key: "env:KEY", timeout_ms: 1000, headers: { "x-a": "file:a" } },
    local: { type: "openai-compatible", base_url: "env:URL", models: ["a", { id: "b", context_window: 8192 }] },
    demo: { delay_ms: 0 },
  };
  expect(await check(tables)).toEqual([]);
});

test("checkProviders names what is wrong, and what was meant", async () => {
  const tables = {
    openai: { api_kye: "x", colour: "red" },
    mine: {},
    typo: { type: "olama" },
    local: { type: "openai-compatible" },
    gemini: { timeout_ms: 0 },
  };
  expect(await check(tables)).toEqual([
    { path: ["providers", "openai", "api_kye"], message: 'unknown key; did you mean "api_key"' },
    { path: ["providers", "openai", "colour"], message: expect.stringMatching(/^unknown key; known here: api_key, /) },
    {
      path: ["providers", "mine", "type"],
      message: 'is missing; it must be one of "anthropic", "openai", "gemini", "ollama", "openai-compatible", "demo"',
    },
    { path: ["providers", "typo", "type"], message: 'is not known; did you mean "ollama"' },
    { path: ["providers", "local", "base_url"], message: "is missing" },
    { path: ["providers", "gemini", "timeout_ms"], message: "must be more than 0" },
  ]);
});

test("checkProviders leaves the tables of plugins' kinds to them, and asks for those only where it must", async () => {
  let asked = 0;
  const plugged = async () => {
    asked++;
    return ["llama"];
  };
  expect(await checkProviders({ providers: { demo: {} } }, providers, plugged)).toEqual([]);
  expect(asked).toBe(0);
  const tables = { llama: { url: "x" }, mine: { type: "llama", url: "x" }, other: { type: "lama" } };
  expect(await checkProviders({ providers: tables }, providers, plugged)).toEqual([
    { path: ["providers", "other", "type"], message: 'is not known; did you mean "llama"' },
  ]);
  expect(await checkProviders({ providers: { any: { type: "thing" } } }, providers, async () => undefined)).toEqual([]);
});
