import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const TYPE = "openai-compatible";

test("models.save writes a provider down once it has answered: a reference in config.toml, the key in a file of its own", async () => {
  await using fake = startOpenAiFake({ key: "sk-right" });
  await using t = await testApp();
  const call = checked(t.client);
  fake.reply("ok");
  const wanted = { id: "mine", type: TYPE, base_url: fake.url, api_key: "sk-right" };
  expect(await call("models.save", { ...wanted, as_default: true })).toMatchObject({
    saved: true,
    trial: { ok: true, provider: "mine" },
    default: expect.stringMatching(/^mine\//),
  });
  const file = join(t.home.credentials, "mine");
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["sk-right\n", 0o600]);
  const toml = readFileSync(t.home.config, "utf8");
  expect(toml).toContain('api_key = "file:credentials/mine"');
  expect(toml).not.toContain("sk-right");
  expect((await call("models.config", {})).providers[0]).toMatchObject({
    id: "mine",
    from: "config",
    keys_from: ["file:credentials/mine"],
  });
});

test("models.save writes nothing when the provider refuses the key, and says what it said", async () => {
  await using fake = startOpenAiFake({ key: "sk-right" });
  await using t = await testApp();
  const wanted = { id: "mine", type: TYPE, base_url: fake.url, api_key: "sk-wrong" };
  expect(await checked(t.client)("models.save", wanted)).toMatchObject({
    saved: false,
    trial: { ok: false, error: { reason: "provider_error", failure: "auth" } },
    default: null,
  });
  expect([existsSync(t.home.config), existsSync(join(t.home.credentials, "mine"))]).toEqual([false, false]);
});

test("models.save saves without asking where that is wanted, and another key counts at once", async () => {
  await using fake = startOpenAiFake({ key: "sk-right" });
  await using t = await testApp();
  const call = checked(t.client);
  const wanted = { id: "mine", type: TYPE, base_url: fake.url };
  expect(
    await call("models.save", { ...wanted, api_key: "sk-old", model: "m", as_default: true, untested: true }),
  ).toEqual({
    saved: true,
    trial: null,
    default: "mine/m",
  });
  expect(await call("models.test", { target: "mine/m" })).toMatchObject({ ok: false });
  await call("models.save", { ...wanted, api_key: "sk-right", untested: true });
  fake.reply("ok");
  expect(await call("models.test", { target: "mine/m" })).toMatchObject({ ok: true });
});

test("models.save leaves the rest of a table as it is, and takes an address back", async () => {
  await using t = await testApp({
    toml: '[providers.openai]\nbase_url = "http://127.0.0.1:9"\napi_key = "env:MINE"\ntimeout_ms = 5\n',
  });
  const call = checked(t.client);
  await call("models.save", { id: "openai", type: "openai", base_url: null, untested: true });
  expect(readFileSync(t.home.config, "utf8")).toBe('[providers.openai]\napi_key = "env:MINE"\ntimeout_ms = 5\n');
});

test("models.save keeps no key when config.toml cannot be changed", async () => {
  await using t = await testApp({ toml: "[log]\n" });
  await Bun.write(t.home.config, "not toml");
  const wanted = { id: "mine", type: TYPE, base_url: "http://127.0.0.1:9", api_key: "sk-x", untested: true };
  expect(await refusal(() => t.client.call("models.save", wanted))).toMatchObject({ reason: "config_invalid" });
  expect(existsSync(join(t.home.credentials, "mine"))).toBe(false);
});

test("models.save refuses what is no name, no address and no key", async () => {
  await using t = await testApp();
  for (const wrong of [{ id: "../up" }, { base_url: "file:///etc" }, { api_key: "" }]) {
    const wanted = { id: "mine", type: TYPE, ...wrong };
    expect(await refusal(() => t.client.call("models.save", wanted))).toMatchObject({ reason: "invalid_params" });
  }
});
