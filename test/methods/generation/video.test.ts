import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

test("generation.video says that no model is set, that a provider cannot, and what is wrong with a wish", async () => {
  await using t = await testApp({ config: { models: { video: "demo/demo" } } });
  const refused = (params: object) =>
    t.client.call("generation.video", params as never).catch((thrown: unknown) => thrown);
  expect(await refused({ prompt: "a cat" })).toMatchObject({
    reason: "no_provider",
    message: 'Provider "demo" makes no videos',
    data: { provider: "demo", hint: "Name a model of a provider that does, or set models.video in config.toml" },
  });
  for (const wrong of [{ prompt: "" }, { size: "auto" }, { seconds: 0 }, { model: "" }]) {
    expect(await refused({ prompt: "a cat", ...wrong })).toMatchObject({ reason: "invalid_params" });
  }
});
