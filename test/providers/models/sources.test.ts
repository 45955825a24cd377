/** Which providers config and environment name. */
import { expect, test } from "bun:test";
import { providers } from "../../../src/providers/index.ts";
import { findSources, ollamaUrl } from "../../../src/providers/models/sources.ts";
import { configOf } from "../../support/providers/models.ts";

const find = (tables: Parameters<typeof configOf>[0]["providers"], env: Record<string, string>) =>
  findSources(configOf({ providers: tables ?? {} }), env, providers);

test("findSources takes each provider of the environment", () => {
  const env = {
    ANTHROPIC_API_KEY: "a",
    OPENAI_API_KEY: "o",
    GEMINI_API_KEY: "g",
    GOOGLE_API_KEY: "other",
    OLLAMA_HOST: "box",
  };
  const from = "environment" as const;
  expect(find({}, env)).toEqual([
    { id: "anthropic", type: "anthropic", from, table: { api_key: "a" } },
    { id: "openai", type: "openai", from, table: { api_key: "o" } },
    { id: "gemini", type: "gemini", from, table: { api_key: "g" } },
    { id: "ollama", type: "ollama", from, table: { base_url: "http://box:11434" } },
  ]);
});

test("findSources takes somebody else's address for OpenAI's API as a copy of it", () => {
  const copy = { OPENAI_BASE_URL: "http://127.0.0.1:8080/v1" };
  const own = { OPENAI_BASE_URL: "https://api.openai.com/v1", OPENAI_API_KEY: "o" };
  expect(find({}, copy)).toEqual([
    { id: "openai", type: "openai-compatible", from: "environment", table: { base_url: copy.OPENAI_BASE_URL } },
  ]);
  expect(find({}, own)).toEqual([
    { id: "openai", type: "openai", from: "environment", table: { base_url: own.OPENAI_BASE_URL, api_key: "o" } },
  ]);
});

test("findSources prefers the config's table, and gives it the environment's key for the vendor's own address only", () => {
  const env = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "o" };
  const tables = {
    anthropic: { timeout_ms: 5 },
    openai: { base_url: "http://proxy/v1" },
    second: { type: "anthropic", api_key: "own" },
  };
  expect(find(tables, env)).toEqual([
    { id: "anthropic", type: "anthropic", from: "config", table: { api_key: "a", timeout_ms: 5 } },
    { id: "openai", type: "openai", from: "config", table: { base_url: "http://proxy/v1" } },
    { id: "second", type: "anthropic", from: "config", table: { api_key: "own" } },
  ]);
});

test("findSources takes a variable that is empty as absent", () => {
  expect(find({}, { ANTHROPIC_API_KEY: "", OPENAI_BASE_URL: "", OLLAMA_HOST: "" })).toEqual([]);
});

test("findSources leaves the type of a table open that names none", () => {
  expect(find({ mine: {} }, {})).toEqual([{ id: "mine", type: undefined, from: "config", table: {} }]);
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:11434"],
  ["0.0.0.0", "http://127.0.0.1:11434"],
  ["0.0.0.0:8000", "http://127.0.0.1:8000"],
  ["[::]:8000", "http://127.0.0.1:8000"],
  [":8000", "http://127.0.0.1:8000"],
  ["box.lan:80", "http://box.lan:11434"],
  ["https://box.lan/ollama/", "https://box.lan/ollama"],
  ["http://box.lan", "http://box.lan"],
  ["not a host", "http://127.0.0.1:11434"],
])("ollamaUrl makes %p the address %p", (host, url) => {
  expect(ollamaUrl(host)).toBe(url);
});
