import { expect, test } from "bun:test";
import { openAiApp } from "../../support/openai-app.ts";

test("generate_image asks the model of the config and gives pictures", async () => {
  await using t = await openAiApp({ image: "o/gpt-image-1" });
  const { ok, result, media } = await t.call("generate_image", { prompt: "A dot", count: 2, size: "64x64" });
  expect([ok, result]).toEqual([true, "2 pictures by o/gpt-image-1; the user sees them"]);
  expect(media).toEqual([
    {
      type: "media",
      for_person: true,
      media_id: expect.stringMatching(/^media_/),
      mime: "image/png",
      size: expect.any(Number),
    },
    {
      type: "media",
      for_person: true,
      media_id: expect.stringMatching(/^media_/),
      mime: "image/png",
      size: expect.any(Number),
    },
  ]);
  expect(t.fake.journal.at(-1)?.body).toMatchObject({ model: "gpt-image-1", prompt: "A dot", n: 2, size: "64x64" });
});

test("generate_image says when no model is set", async () => {
  await using t = await openAiApp();
  const { ok, result } = await t.call("generate_image", { prompt: "A dot" });
  expect([ok, result]).toEqual([false, "No model for images is set. Name one, or set models.image in config.toml"]);
});
