import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

test("generation.image says that no model is set, that a provider cannot, and what is wrong with a wish", async () => {
  await using t = await testApp();
  const refused = (params: object) =>
    t.client.call("generation.image", params as never).catch((thrown: unknown) => thrown);
  expect(await refused({ prompt: "a cat" })).toMatchObject({
    reason: "no_provider",
    message: "No model for images is set",
    data: { hint: "Name one, or set models.image in config.toml" },
  });
  expect(await refused({ prompt: "a cat", model: "demo/demo" })).toMatchObject({
    reason: "no_provider",
    message: 'Provider "demo" makes no images',
  });
  for (const wrong of [{ prompt: "" }, { size: "large" }, { count: 0 }, { count: 11 }, { colour: "red" }]) {
    expect(await refused({ prompt: "a cat", ...wrong })).toMatchObject({ reason: "invalid_params" });
  }
});
