import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("models.try asks a provider that is not in the config, and keeps nothing", async () => {
  await using fake = startOpenAiFake({ key: "sk-right" });
  await using t = await testApp();
  const call = checked(t.client);
  fake.reply("ok");
  const wanted = { id: "mine", type: "openai-compatible", base_url: fake.url };
  expect(await call("models.try", { ...wanted, api_key: "sk-right" })).toMatchObject({ ok: true, provider: "mine" });
  expect(await call("models.try", { ...wanted, api_key: "sk-wrong" })).toMatchObject({
    ok: false,
    error: { failure: "auth" },
  });
  expect([existsSync(t.home.config), existsSync(join(t.home.credentials, "mine"))]).toEqual([false, false]);
});

test("models.try takes what is left out from the config", async () => {
  await using fake = startOpenAiFake({ key: "sk-right" });
  const table = { type: "openai-compatible", base_url: fake.url, api_key: "sk-right", models: ["n"] };
  await using t = await testApp({ config: { providers: { mine: table } } });
  fake.reply("ok");
  expect(await checked(t.client)("models.try", { id: "mine", type: "openai-compatible" })).toMatchObject({
    ok: true,
    model: "n",
  });
});

test("models.try says what is wrong with a kind that there is not", async () => {
  await using t = await testApp();
  expect(await checked(t.client)("models.try", { id: "mine", type: "opnai" })).toMatchObject({
    ok: false,
    error: { reason: "config_invalid", message: expect.stringContaining("unknown type") },
  });
  expect(await refusal(() => t.client.call("models.try", { id: "mine" } as never))).toMatchObject({
    reason: "invalid_params",
  });
});
