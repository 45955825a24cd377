import { expect, test } from "bun:test";
import { openAiApp } from "../../support/openai-app.ts";

test("speak stores what the provider says as media", async () => {
  await using t = await openAiApp({ speech: "o/tts-1" });
  const { ok, result, media } = await t.call("speak", { text: "Hello", voice: "nova" });
  expect([ok, result]).toEqual([true, "Spoken (audio/mpeg, 15 bytes); the user can hear it"]);
  expect(media).toEqual([
    { type: "media", for_person: true, media_id: expect.any(String), mime: "audio/mpeg", name: "speech.mp3", size: 15 },
  ]);
  expect(t.fake.journal.at(-1)?.body).toEqual({
    model: "tts-1",
    input: "Hello",
    voice: "nova",
    response_format: "mp3",
  });
});

test("speak says when no model is set, and when the provider cannot", async () => {
  await using t = await openAiApp();
  expect((await t.call("speak", { text: "Hello" })).result).toBe(
    "No model is set to speak. Set models.speech in config.toml to a model that does",
  );
  await t.client.call("config.patch", { patch: { models: { speech: "d/x" }, providers: { d: { type: "demo" } } } });
  expect((await t.call("speak", { text: "Hello" })).result).toBe(
    'Provider "d" cannot speak. Set models.speech in config.toml to a model that does',
  );
});
