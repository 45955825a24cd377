import { expect, test } from "bun:test";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("models.list shows the models of all providers, and which of them could not be asked", async () => {
  await using t = await conversation();
  const { models, errors } = await checked(t.client)("models.list", {});
  expect(models).toContainEqual({ id: "m", provider: "fake", ref: "fake/m" });
  expect(errors).toEqual([{ provider: "ollama", error: expect.objectContaining({ reason: "provider_error" }) }]);
});
