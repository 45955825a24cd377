import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { PNG_BASE64, startOpenAiFake } from "../../support/providers/openai.ts";

test("media saves a stored file, and prints a link to it", async () => {
  await using fake = startOpenAiFake();
  await using t = await testApp({
    config: {
      providers: { openai: { type: "openai", api_key: "k", base_url: fake.url } },
      models: { image: "openai/gpt-image-1" },
    },
  });
  const { media } = await t.client.call("generation.image", { prompt: "a cat" });
  fake.reply("Seen");
  const run = (...words: string[]) => runCli(["media", ...words], { home: t.home.path });
  const { media_id } = media[0]!;
  const saved = await run("save", media_id, "-o", t.home.path);
  expect([saved.code, saved.stderr]).toEqual([0, "Saved one file\n"]);
  expect(readFileSync(saved.stdout.trim()).toString("base64")).toBe(PNG_BASE64);
  const { session_key } = await t.client.call("session.create", {});
  const file = Buffer.from("a note").toString("base64");
  const attachments = [{ mime: "text/plain", name: "no\x1bte.txt", data: file }];
  await t.client.call("session.send", { session_key, message: "Look", attachments });
  const shown = await runCli(["sessions", "show", session_key], { home: t.home.path });
  const [, attached = ""] = /\[no\\x1bte\.txt {2}(media_[0-9a-f]{64})\]/.exec(shown.stdout) ?? [];
  const note = await run("save", attached, "-o", t.home.path);
  expect(note.stdout).toBe(`${t.home.path}/${attached.slice(0, 18)}.txt\n`);
  expect(await run("save", media_id, "-o", note.stdout.trim())).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^Error: ".+" is not a folder\nName another one with --output\n$/),
  });
  const link = await run("link", media_id);
  expect((await fetch(`${t.url}${link.stdout.trim()}`)).status).toBe(200);
  expect(await run("save", "media_1")).toMatchObject({ code: 2, stderr: expect.stringContaining("media id") });
}, 60_000);
