import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../support/cli.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { testFolder } from "../../support/folder.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("models lists what the providers offer, and who failed", async () => {
  await using fake = startOpenAiFake({ models: ["m", "big\x1b[2J"] });
  await using home = await fakeHome(fake, {
    more: '\n[providers.gone]\ntype = "openai-compatible"\nbase_url = "http://127.0.0.1:9/v1"\n',
  });
  const { code, stdout, stderr } = await runCli(["models"], { home: home.path });
  expect(code).toBe(0);
  expect(stdout).toStartWith("MODEL");
  expect(stdout).toContain("fake/m");
  expect(stdout).toContain("fake/big\\x1b[2J");
  expect(stderr).toStartWith("gone: ");
  const own = await runCli(["models", "list", "--provider", "fake", "--json"], { home: home.path });
  const refs = JSON.parse(own.stdout).models.map(({ ref }: { ref: string }) => ref);
  expect(refs).toContain("fake/m");
});

test("models test asks for real, and fails with what to do", async () => {
  await using fake = startOpenAiFake({ key: "k", models: ["m"] });
  await using home = await fakeHome(fake);
  fake.answer(() => "ok");
  const good = await runCli(["models", "test"], { home: home.path });
  expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: "" });
  expect(good.stdout).toMatch(/^ok {2}m answered in \d+\.\d s\n$/);
  expect(fake.requests).toHaveLength(1);
  await runCli(["models", "add", "later", "--type", "openai", "--key", "env:NOT_SET", "--untested"], {
    home: home.path,
  });
  expect(await runCli(["models", "test", "later"], { home: home.path })).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/"env:NOT_SET" is not set\nSet the environment variable NOT_SET .+\n$/),
  });
  await using refusing = startOpenAiFake({ key: "another" });
  await using wrong = await fakeHome(refusing);
  const bad = await runCli(["models", "test", "fake/m"], { home: wrong.path });
  expect(bad).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^Error: Provider "fake" refused the API key.*\nCheck the key: .*aleph wizard\n$/),
  });
  const json = await runCli(["models", "test", "--json"], { home: wrong.path });
  expect({ code: json.code, trial: JSON.parse(json.stdout) }).toMatchObject({
    code: 1,
    trial: { ok: false, error: { failure: "auth" } },
  });
});

test("models config tells what is in force without keys", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  const { code, stdout } = await runCli(["models", "config"], { home: home.path });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^default +fake\/m$/m);
  expect(stdout).toMatch(/^fake +openai-compatible +config +yes +http/m);
});

test("models add tries a provider, keeps it when it answers, and remove takes it away again", async () => {
  await using fake = startOpenAiFake({ key: "good", models: ["m"] });
  await using home = await testFolder();
  fake.answer(() => "ok");
  const add = ["models", "add", "work", "--type", "openai-compatible", "--base-url", fake.url, "--model", "m"];
  const run = (words: readonly string[], stdin?: string) =>
    runCli(words, { home: home.path, ...(stdin === undefined ? {} : { stdin }) });
  expect(await run([...add, "--key", "good"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("A key is no argument"),
  });
  expect(await run([...add, "--key", "-"], "bad\n")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Error: .*\nCheck the key.*\nNothing was kept; --untested keeps it all the same\n$/),
  });
  expect(await run([...add, "--key", "-", "--try"], "good\n")).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(join(home.path, "config.toml"))).toBe(false);
  const kept = await run([...add, "--key", "-", "--default"], "good\n");
  expect([kept.code, kept.stderr]).toEqual([0, "Kept work\nwork/m answers by default\n"]);
  expect(readFileSync(join(home.path, "config.toml"), "utf8")).not.toContain("good");
  expect(await run(["models", "remove", "work"])).toEqual({ code: 0, stdout: "", stderr: "Removed work\n" });
  expect(await run(["models", "remove", "work"])).toMatchObject({ code: 1 });
}, 60_000);
