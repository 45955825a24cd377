import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("models.remove takes a provider out, with its key and where it is the default or a fallback", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  const wanted = { type: "openai-compatible", base_url: "http://127.0.0.1:9", untested: true };
  await call("models.save", { ...wanted, id: "other" });
  await call("models.save", { ...wanted, id: "mine", api_key: "sk-x", model: "m", as_default: true });
  await call("config.patch", { patch: { models: { fallbacks: ["mine/n", "other/o"] } } });
  const file = join(t.home.credentials, "mine");
  expect(existsSync(file)).toBe(true);
  expect(await call("models.remove", { id: "mine" })).toEqual({ id: "mine", changed: ["models", "providers"] });
  expect(existsSync(file)).toBe(false);
  const { config } = await call("config.get", {});
  expect(config.models).not.toHaveProperty("default");
  expect(config).toMatchObject({ models: { fallbacks: ["other/o"] }, providers: { other: { type: wanted.type } } });
});

test("models.remove leaves a key alone that it did not keep", async () => {
  await using t = await testApp({ toml: '[providers.mine]\ntype = "openai"\napi_key = "file:credentials/own"\n' });
  const file = join(t.home.credentials, "own");
  writeFileSync(file, "sk-x\n", { mode: 0o600 });
  await checked(t.client)("models.remove", { id: "mine" });
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(t.home.config, "utf8")).not.toContain("mine");
});

test("models.remove says so when it is not in config.toml", async () => {
  await using t = await testApp({ config: { providers: { told: { type: "openai" } } } });
  for (const id of ["ollama", "told"]) {
    expect(await refusal(() => t.client.call("models.remove", { id }))).toMatchObject({ reason: "not_found" });
  }
});
