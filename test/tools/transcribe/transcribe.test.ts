import { expect, test } from "bun:test";
import { join } from "node:path";
import { openAiApp } from "../../support/openai-app.ts";

const WAV = Buffer.concat([Buffer.from("RIFF\0\0\0\0WAVEfmt "), Buffer.alloc(20)]);

test("transcribe gives what is said in a file of the workspace", async () => {
  await using t = await openAiApp({ transcription: "o/whisper-1" });
  await Bun.write(join(t.home.workspaces, "main/note.wav"), WAV);
  const { ok, result } = await t.call("transcribe", { path: "note.wav", language: "de" });
  expect([ok, result]).toEqual([true, `Heard ${WAV.byteLength} bytes`]);
  expect(t.fake.journal.at(-1)?.body).toMatchObject({ model: "whisper-1", language: "de" });
});

test("transcribe refuses what is no recording, whatever it is called, and says when no model is set", async () => {
  await using t = await openAiApp();
  const folder = join(t.home.workspaces, "main");
  await Bun.write(join(folder, "note.mp3"), "no sound at all");
  await Bun.write(join(folder, "note.wav"), WAV);
  expect((await t.call("transcribe", { path: "note.mp3" })).result).toBe('"note.mp3" is no recording');
  expect((await t.call("transcribe", { path: "note.wav" })).result).toBe(
    "No model is set to transcribe speech. Set models.transcription in config.toml to a model that does",
  );
});
