import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { openScreen, runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { PNG_BASE64, startOpenAiFake } from "../../support/providers/openai.ts";

async function painting() {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(startOpenAiFake());
  const folder = stack.use(await testFolder());
  const app = stack.use(
    await testApp({
      config: {
        providers: { openai: { type: "openai", api_key: "k", base_url: fake.url } },
        models: { image: "openai/gpt-image-1", video: "openai/sora-2" },
      },
    }),
  );
  const owned = stack.move();
  return {
    app,
    folder: folder.path,
    run: (...words: string[]) => runCli(["generate", ...words], { home: app.home.path, cwd: folder.path }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test("generate image saves pictures beside what is there and prints where", async () => {
  await using t = await painting();
  const first = await t.run("image", "a", "cat", "-o", "pictures");
  expect([first.code, first.stderr]).toEqual([0, "Saved one file\n"]);
  const path = first.stdout.trim();
  expect(path.startsWith(join(t.folder, "pictures"))).toBe(true);
  expect(readFileSync(path).toString("base64")).toBe(PNG_BASE64);
  writeFileSync(path, "mine");
  const second = await t.run("image", "a", "cat", "-o", "pictures");
  expect(second.stdout.trim()).toBe(path.replace(/\.png$/, "-2.png"));
  expect(readFileSync(path, "utf8")).toBe("mine");
  expect(await t.run("image", "a", "cat", "--count", "99")).toMatchObject({
    code: 2,
    stderr: "Error: --count must be a whole number from 1 to 10\nFor example --count 10\n",
  });
}, 60_000);

test("generate image has a spinner at a terminal, which is gone at the end", async () => {
  await using t = await painting();
  await using screen = openScreen(["generate", "image", "a cat"], { home: t.app.home.path, cwd: t.folder });
  expect(await screen.exited).toBe(0);
  expect(screen.text).toContain("Saved one file");
}, 60_000);

test("generate video waits for the file, or tells how it stands", async () => {
  await using t = await painting();
  const begun = await t.run("video", "a cat", "--detach");
  const job = begun.stdout.trim();
  expect(begun.stderr).toBe(`See how it stands: aleph generate status ${job}\n`);
  const done = await t.run("video", "a cat");
  expect([done.code, done.stderr]).toEqual([0, "Saved one file\n"]);
  expect(readdirSync(t.folder)).toHaveLength(1);
  expect(JSON.parse((await t.run("status", job, "--json")).stdout)).toMatchObject({ job_id: job });
  expect(await t.run("status", "gen_none")).toMatchObject({ code: 1, stderr: expect.stringContaining("gen_none") });
}, 90_000);

test("generate says which config is missing", async () => {
  await using app = await testApp();
  const { code, stderr } = await runCli(["generate", "image", "a cat"], { home: app.home.path });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "Error: No model for images is set\nName one, or set models.image in config.toml\n",
  });
});
