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
  const run = (...words: string[]) => runCli(["media", ...words], { home: t.home.path });
  const { media_id } = media[0]!;
  const saved = await run("save", media_id, "-o", t.home.path);
  expect([saved.code, saved.stderr]).toEqual([0, "Saved one file\n"]);
  expect(readFileSync(saved.stdout.trim()).toString("base64")).toBe(PNG_BASE64);
  const link = await run("link", media_id);
  expect((await fetch(`${t.url}${link.stdout.trim()}`)).status).toBe(200);
  expect(await run("save", "media_1")).toMatchObject({ code: 2, stderr: expect.stringContaining("media id") });
}, 60_000);
