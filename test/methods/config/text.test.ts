import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

const TOML = `# mine
[providers.mine]
type = "openai" # the kind
api_key = "sk-0123456789abcdefghij"
headers = { "x-team" = "header-canary" }
[log]
level = "warn"
`;

test("config.text gives the file as it is written, with its secrets masked", async () => {
  await using t = await testApp({ toml: TOML });
  const shown = await checked(t.client)("config.text", {});
  expect(shown).toEqual({
    path: t.home.config,
    text: TOML.replace("sk-0123456789abcdefghij", "[masked]").replace("header-canary", "[masked]"),
    revision: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test("config.text shows a file that is not TOML, and no secret in it", async () => {
  await using t = await testApp();
  writeFileSync(t.home.config, 'api_key = "canary-0001"\ntoken = "env:X"\n[broken\n', { mode: 0o600 });
  const { text } = await checked(t.client)("config.text", {});
  expect(text).toBe('api_key = "[masked]"\ntoken = "env:X"\n[broken\n');
});

test("config.text finds the secrets of a file that is not TOML wherever they stand", async () => {
  await using t = await testApp();
  const broken = [
    'openai = { api_key = "canary-1", base_url = "https://me:canary-2@example.org/?key=canary-3" }',
    'headers = { Any = "canary-4" }',
    '# token = "canary-5"',
    'old.api_key = """',
    "canary-6",
    '"""',
    "[mcp.servers.own.env]",
    'ANY = "canary-7"',
    "[log]",
    'level = "warn"',
    "[broken",
  ].join("\n");
  writeFileSync(t.home.config, broken, { mode: 0o600 });
  const { text } = await checked(t.client)("config.text", {});
  expect(text.split("\n")).toEqual([
    'openai = { api_key = "[masked]", base_url = "https://[masked]@example.org/?key=[masked]" }',
    'headers = "[masked]"',
    '# token = "[masked]"',
    'old.api_key = "[masked]"',
    "[mcp.servers.own.env]",
    'ANY = "[masked]"',
    "[log]",
    'level = "warn"',
    "[broken",
  ]);
});

test("config.apply puts no key of a comment into a value, where it would be shown", async () => {
  const toml = '# api_key = "canary-0001"\n# own = { token = "canary-0002" }\n[models]\ndefault = "demo/demo"\n';
  await using t = await testApp({ toml });
  const call = checked(t.client);
  const { text, revision } = await call("config.text", {});
  expect(text).not.toContain("canary");
  const moved = '[models]\ndefault = """\n# api_key = "[masked]"\n"""\n';
  expect(await refusal(() => call("config.apply", { text: moved, revision }))).toMatchObject({
    reason: "config_invalid",
    data: { issues: [{ path: "models.default", line: 2 }] },
  });
  expect(readFileSync(t.home.config, "utf8")).toBe(toml);
  await call("config.apply", { text: text.replace("demo/demo", "demo/other"), revision });
  expect(readFileSync(t.home.config, "utf8")).toBe(toml.replace("demo/demo", "demo/other"));
});

test("config.text masks a key in a comment, and config.apply leaves it there", async () => {
  const toml =
    '# api_key = "canary-0001"\n#api_key="canary-0002"\n# use sk-0123456789abcdefghij\n# a title\n[log]\nlevel = "warn"\n';
  await using t = await testApp({ toml });
  const call = checked(t.client);
  const { text, revision } = await call("config.text", {});
  expect(text).toBe('# api_key = "[masked]"\n#api_key="[masked]"\n# use [masked]\n# a title\n[log]\nlevel = "warn"\n');
  await call("config.apply", { text: text.replace('"warn"', '"error"'), revision });
  expect(readFileSync(t.home.config, "utf8")).toBe(toml.replace('"warn"', '"error"'));
});

test("config.text masks a key in a comment behind a value, and takes no sign within a string for one", async () => {
  const toml = [
    '[providers.mine] # token = "canary-0001"',
    'type = "openai" # api_key = "canary-0002"',
    'models = [ # password = "canary-0003"',
    '  "a", # api_key="canary-0004"',
    "]",
    "[agents.main]",
    `prompt = """say "# api_key = 1""""" # secret = 'canary-0005'`,
    "[log] # a title",
    "",
  ].join("\n");
  await using t = await testApp({ toml });
  const call = checked(t.client);
  const { text, revision } = await call("config.text", {});
  expect(text).not.toContain("canary");
  expect(text).toBe(toml.replaceAll(/(["'])canary-\d+\1/g, '"[masked]"'));
  await call("config.apply", { text: `${text}level = "error"\n`, revision });
  expect(readFileSync(t.home.config, "utf8")).toBe(`${toml}level = "error"\n`);
});

test("config.apply writes a text as it is, with the secrets that were masked", async () => {
  await using t = await testApp({ toml: TOML });
  const call = checked(t.client);
  const { text, revision } = await call("config.text", {});
  const wanted = text.replace('level = "warn"', 'level = "error" # loud');
  expect(await call("config.apply", { text: wanted, revision })).toEqual({ changed: ["log"] });
  expect(readFileSync(t.home.config, "utf8")).toBe(TOML.replace('level = "warn"', 'level = "error" # loud'));
  expect((await call("config.get", {})).config).toMatchObject({ log: { level: "error" } });
});

test("config.apply refuses a text that was made of another file, and the file stays", async () => {
  await using t = await testApp({ toml: TOML });
  const call = checked(t.client);
  const { text, revision } = await call("config.text", {});
  await call("config.patch", { patch: { log: { level: "info" } } });
  const now = readFileSync(t.home.config, "utf8");
  expect(await refusal(() => call("config.apply", { text, revision }))).toMatchObject({
    reason: "conflict",
    message: "The file was changed meanwhile",
  });
  expect(readFileSync(t.home.config, "utf8")).toBe(now);
});

test("config.apply refuses a text with a mask for a secret that there is not", async () => {
  await using t = await testApp({ toml: TOML });
  const call = checked(t.client);
  const { revision } = await call("config.text", {});
  const text = '[providers.new]\ntype = "openai"\napi_key = "[masked]"\n';
  expect(await refusal(() => call("config.apply", { text, revision }))).toMatchObject({
    reason: "config_invalid",
    data: { issues: [{ path: "providers.new.api_key", line: 3 }] },
  });
});

test("config.apply lets nobody change what only an editor on the server may", async () => {
  await using t = await testApp({ toml: TOML });
  const call = checked(t.client);
  const { text, revision } = await call("config.text", {});
  const wanted = `${text}[exec.sandbox]\nenabled = false\n`;
  expect(await refusal(() => call("config.apply", { text: wanted, revision }))).toMatchObject({
    reason: "config_invalid",
    data: { issues: [{ path: "exec.sandbox.enabled", line: 9 }] },
  });
});

test("config.apply mends a file that is not TOML", async () => {
  await using t = await testApp();
  writeFileSync(t.home.config, "[broken\n", { mode: 0o600 });
  const call = checked(t.client);
  const { revision } = await call("config.text", {});
  expect(await call("config.apply", { text: '[log]\nlevel = "error"\n', revision })).toEqual({ changed: ["log"] });
});

test.each([[{}], [{ text: "" }], [{ revision: "x" }], [{ config: {}, text: "", revision: "x" }]])(
  "config.apply refuses %j: either a document, or a text with its revision",
  async (params) => {
    await using t = await testApp();
    expect(await refusal(() => t.client.call("config.apply", params))).toMatchObject({ reason: "invalid_params" });
  },
);
