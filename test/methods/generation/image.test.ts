import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { PNG_BASE64, startOpenAiFake } from "../../support/providers/openai.ts";

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

test("generation.image answers with a link that gives the picture until it expires", async () => {
  await using fake = startOpenAiFake();
  const clock = { now: Date.now() };
  await using t = await testApp({
    now: () => clock.now,
    config: {
      providers: { openai: { type: "openai", api_key: "k", base_url: fake.url } },
      models: { image: "openai/gpt-image-1" },
    },
  });
  const made = await t.client.call("generation.image", { prompt: "a cat", count: 2 });
  expect(made).toMatchObject({ provider: "openai", model: "gpt-image-1" });
  expect(made.media.map(({ mime }) => mime)).toEqual(["image/png", "image/png"]);
  const { url, expires_at } = made.media[0]!;
  const response = await fetch(`${t.url}${url}`);
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer()).toString("base64")).toBe(PNG_BASE64);
  const byToken = await fetch(`${t.url}${url.split("?")[0]}`, { headers: { authorization: `Bearer ${t.token}` } });
  expect(byToken.status).toBe(200);
  clock.now = expires_at;
  expect((await fetch(`${t.url}${url}`)).status).toBe(403);
  const { rows } = await t.client.call("usage.summary", { by: "model" });
  expect(rows).toMatchObject([{ key: "openai/gpt-image-1", replies: 1, unpriced: 1 }]);
});
