import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openScreen, runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import type { ProviderFake } from "../../support/providers/fake.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const KEY = "sk-the-real-key-0123456789";

function vendor(models: readonly string[] = ["gpt-a", "gpt-b"]): ProviderFake {
  const fake = startOpenAiFake({ key: KEY, models });
  fake.answer(({ body }) => `Hello from ${body.model}`);
  return fake;
}

const configOf = (home: string) => readFileSync(join(home, "config.toml"), "utf8");

test("wizard in a script tests the key, keeps it out of config.toml, and ends with a model that answers", async () => {
  await using fake = vendor();
  await using folder = await testFolder();
  const home = join(folder.path, "new");
  const args = [
    "wizard",
    "--provider",
    "openai",
    "--base-url",
    fake.url,
    "--api-key-stdin",
    "--yes",
    "--model",
    "gpt-b",
  ];
  const { code, stdout, stderr } = await runCli(args, { home, cwd: folder.path, stdin: `${KEY}\n` });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr.split("\n").map((line) => line.replace(/\d+\.\d s/, "TIME"))).toEqual([
    `This sets up a model for ${home}`,
    "Asking it for a short answer …",
    "ok  gpt-b answered in TIME",
    `Written to ${join(home, "config.toml")}`,
    `The key is in ${join(home, "credentials")}, readable by you alone`,
    "ok  Ready. Talk to it with: aleph chat",
    "",
  ]);
  expect(configOf(home)).toBe(
    `#:schema ./config.schema.json\n\n[providers.openai]\nbase_url = "${fake.url}"\napi_key = "file:credentials/openai"\n\n[models]\ndefault = "openai/gpt-b"\n`,
  );
  expect(readFileSync(join(home, "credentials/openai"), "utf8")).toBe(`${KEY}\n`);
  expect(statSync(join(home, "credentials/openai")).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(join(home, "config.schema.json"), "utf8"))).toMatchObject({ type: "object" });
  expect((await runCli(["chat", "Hi"], { home, cwd: folder.path })).stdout).toBe("Hello from gpt-b\n");
});

test("wizard writes nothing when the key does not work", async () => {
  await using fake = vendor();
  await using folder = await testFolder();
  const home = join(folder.path, "new");
  const args = ["wizard", "--provider", "openai", "--base-url", fake.url, "--api-key-stdin", "--yes"];
  const { code, stderr } = await runCli(args, { home, cwd: folder.path, stdin: "sk-wrong\n" });
  expect(code).toBe(1);
  expect(stderr).toContain('Error: Provider "openai" refused the API key');
  expect(stderr).toEndWith("Nothing was written\n");
  expect(existsSync(home)).toBe(false);
});

test("wizard refers to a key in the environment and does not copy it", async () => {
  await using fake = vendor();
  await using home = await testFolder();
  const env = { OPENAI_API_KEY: KEY };
  const { code } = await runCli(["wizard", "-p", "openai", "--base-url", fake.url, "--yes"], { home: home.path, env });
  expect(code).toBe(0);
  expect(configOf(home.path)).toContain('api_key = "env:OPENAI_API_KEY"\n');
  expect(existsSync(join(home.path, "credentials/openai"))).toBe(false);
});

test("wizard takes what is at hand, and the demo where nothing is", async () => {
  await using fake = vendor();
  await using home = await testFolder();
  const env = { OPENAI_BASE_URL: fake.url, OPENAI_API_KEY: KEY };
  const found = await runCli(["wizard", "--yes"], { home: home.path, env });
  expect({ code: found.code, calls: fake.requests.length > 0 }).toEqual({ code: 0, calls: true });
  expect(configOf(home.path)).toContain(`base_url = "${fake.url}"`);

  await using bare = await testFolder();
  const demo = await runCli(["wizard"], { home: bare.path });
  expect({ code: demo.code, last: demo.stderr.trimEnd().split("\n").at(-1) }).toEqual({
    code: 0,
    last: "ok  Ready. Talk to it with: aleph chat",
  });
  // Nothing stands in the way of a provider that is found later.
  expect(configOf(bare.path)).toBe("#:schema ./config.schema.json\n");
});

test("wizard keeps everything else in config.toml, the default model too", async () => {
  await using fake = vendor();
  await using home = await testFolder();
  const toml = '# mine\n[models]\ndefault = "demo/demo" # so far\n\n[gateway]\nport = 0\n';
  writeFileSync(join(home.path, "config.toml"), toml, { mode: 0o600 });
  const args = [
    "wizard",
    "-p",
    "openai-compatible",
    "--name",
    "mine",
    "--base-url",
    fake.url,
    "--api-key-stdin",
    "--yes",
  ];
  const { code, stderr } = await runCli(args, { home: home.path, stdin: KEY });
  expect(code).toBe(0);
  expect(stderr).toContain(
    "demo/demo still answers by default; to change that: aleph config set models.default mine/gpt-a\n",
  );
  expect(configOf(home.path)).toStartWith(toml);
  expect(configOf(home.path)).toContain('[providers.mine]\ntype = "openai-compatible"\n');
});

test.each([
  [["-p", "opnai"], 2, 'There is no kind of provider "opnai"', "Did you mean openai?"],
  [
    ["-p", "openai", "--yes"],
    2,
    "There is no key for OpenAI",
    "Set OPENAI_API_KEY, or give the key with --api-key-stdin",
  ],
  [
    ["-p", "openai", "--api-key-stdin"],
    2,
    "There is no key on standard input",
    "For example: aleph wizard --api-key-stdin < key.txt",
  ],
  [
    ["-p", "openai-compatible"],
    2,
    "The provider's address is missing",
    "Give it with --base-url. For example https://openrouter.ai/api/v1",
  ],
  [
    ["-p", "openai", "--base-url", "nonsense"],
    2,
    '"nonsense" is not a web address',
    "Give it with --base-url. For example https://openrouter.ai/api/v1",
  ],
  [["-p", "demo", "--name", "a b"], 2, '"a b" cannot name a provider', "Use letters, digits, . _ or - in --name"],
])("wizard %j is refused", async (args, code, message, hint) => {
  await using home = await testFolder();
  const result = await runCli(["wizard", ...args], { home: home.path, stdin: "" });
  expect({ code: result.code, said: result.stderr.split("\n").slice(-3, -1) }).toEqual({
    code,
    said: [`Error: ${message}`, hint],
  });
  expect(existsSync(join(home.path, "config.toml"))).toBe(false);
});

test("wizard asks nothing while config.toml is not valid", async () => {
  await using home = await testFolder();
  writeFileSync(join(home.path, "config.toml"), "[gateway]\nprot = 1\n");
  const { code, stderr } = await runCli(["wizard", "--yes"], { home: home.path });
  expect({ code, stderr }).toEqual({
    code: 78,
    stderr: 'Error: Config is not valid: line 2, gateway.prot: unknown key; did you mean "port"\n',
  });
  expect(configOf(home.path)).toBe("[gateway]\nprot = 1\n");
});

test("wizard at a terminal asks, hides the key, lets a person try again, and ends in a conversation", async () => {
  await using fake = vendor();
  await using home = await testFolder();
  await using screen = openScreen(["wizard"], { home: home.path, columns: 120 });
  await screen.shows("Which provider?");
  await screen.shows("Number:");
  screen.type("Another service with OpenAI's API\r");
  await screen.shows("Address of its API:");
  screen.type("nonsense\r");
  await screen.shows("is not a web address");
  await screen.shows("Address of its API:");
  screen.type(`${fake.url}\r`);
  await screen.shows("it does not show");
  screen.type("sk-mistyped-key\r");
  await screen.shows("It did not work");
  await screen.shows("Number:");
  screen.type("1\r");
  await screen.shows("it does not show");
  screen.type(`\x1b[200~${KEY}\x1b[201~x\x7f\r`);
  await screen.shows("gpt-a answered");
  await screen.shows("Which model?");
  await screen.shows("Number:");
  screen.type("7\r");
  await screen.shows('There is no "7" in the list');
  await screen.shows("Number:");
  screen.type("gpt-b\r");
  await screen.shows("gpt-b answered");
  await screen.shows("readable by you alone");
  await screen.shows("› ");
  screen.type("Hello\r");
  await screen.shows("Hello from gpt-b");
  await screen.shows("› ");
  screen.type("\x04");
  expect(await screen.exited).toBe(0);
  expect(screen.text).not.toContain("sk-");
  expect(configOf(home.path)).not.toContain("sk-");
  expect(configOf(home.path)).toContain('[providers.local]\ntype = "openai-compatible"\n');
}, 30_000);

test("wizard at a terminal leaves without a trace when it is told to, or at Ctrl-C", async () => {
  await using fake = vendor();
  await using folder = await testFolder();
  const home = join(folder.path, "new");
  const args = ["wizard", "-p", "openai", "--base-url", fake.url];
  {
    await using screen = openScreen(args, { home, cwd: folder.path });
    await screen.shows("it does not show");
    screen.type("sk-wrong\r");
    await screen.shows("What now?");
    await screen.shows("Number:");
    screen.type("3\r");
    await screen.shows("Nothing was written");
    expect(await screen.exited).toBe(1);
  }
  await using screen = openScreen(args, { home, cwd: folder.path });
  await screen.shows("it does not show");
  screen.type("\x03");
  expect(await screen.exited).toBe(130);
  expect(existsSync(home)).toBe(false);
});

test("wizard asks before it changes a provider that is there, and finds a model by a part of its name", async () => {
  await using fake = vendor(Array.from({ length: 40 }, (_, at) => `model-${at}`));
  await using home = await testFolder();
  writeFileSync(
    join(home.path, "config.toml"),
    `[providers.openai]\nbase_url = "http://127.0.0.1:9/v1"\ntimeout_ms = 5000\n[models]\ndefault = "demo/demo"\n`,
    { mode: 0o600 },
  );
  const env = { OPENAI_API_KEY: KEY };
  await using screen = openScreen(["wizard", "-p", "openai", "--base-url", fake.url], {
    home: home.path,
    env,
    columns: 120,
  });
  await screen.shows("[providers.openai] is in config.toml already. Change its key and address? [Y/n]");
  screen.type("\r");
  await screen.shows("Use the key in OPENAI_API_KEY? [Y/n]");
  screen.type("y\r");
  await screen.shows("Which model, of 40?");
  screen.type("del-3\r");
  await screen.shows("Which of these?");
  await screen.shows("Number:");
  screen.type("model-33\r");
  await screen.shows("model-33 answered");
  await screen.shows("Use openai/model-33 by default instead of demo/demo? [Y/n]");
  screen.type("n\r");
  await screen.shows("demo/demo still answers by default");
  await screen.shows("› ");
  screen.type("\x04");
  expect(await screen.exited).toBe(0);
  expect(configOf(home.path)).toContain("timeout_ms = 5000");
  expect(configOf(home.path)).toContain(`base_url = "${fake.url}"`);
  expect(configOf(home.path)).toContain('default = "demo/demo"');
}, 30_000);
