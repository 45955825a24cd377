import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("models.test asks a provider for real, and tells how that went", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("pong");
  expect(await call("models.test", { target: "fake" })).toMatchObject({ ok: true, provider: "fake", model: "m" });
  t.fake.reply({ status: 401, message: "wrong key" });
  expect(await call("models.test", { target: "fake/m" })).toMatchObject({
    ok: false,
    provider: "fake",
    error: { reason: "provider_error", failure: "auth" },
  });
});

test("models.test knows no model that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("models.test", { target: "none/such" }))).toMatchObject({
    reason: "not_found",
  });
  expect(await refusal(() => t.client.call("models.test", {} as never))).toMatchObject({ reason: "invalid_params" });
});
