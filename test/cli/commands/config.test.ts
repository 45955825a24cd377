import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

const TOML = `# mine
[gateway]
port = 0 # any

[providers.local]
type = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
api_key = "sk-very-secret-key-0123456789"
`;

async function homeWith(toml: string) {
  const folder = await testFolder();
  writeFileSync(join(folder.path, "config.toml"), toml, { mode: 0o600 });
  return folder;
}

test("config get shows the config in force, secrets masked", async () => {
  await using home = await homeWith(TOML);
  const whole = await runCli(["config", "get"], { home: home.path });
  expect({ code: whole.code, stderr: whole.stderr }).toEqual({ code: 0, stderr: "" });
  expect(whole.stdout).toContain("port = 0\n");
  expect(whole.stdout).toContain('api_key = "[masked]"\n');
  expect(whole.stdout).not.toContain("very-secret");
  const get = async (...args: string[]) => (await runCli(["config", "get", ...args], { home: home.path })).stdout;
  expect(await get("gateway.port")).toBe("0\n");
  expect(await get("providers.local.base_url")).toBe("http://127.0.0.1:9/v1\n");
  expect(await get("gateway.allowed_hosts", "--json")).toBe("[]\n");
  expect(await runCli(["config", "get", "gateway.prot"], { home: home.path })).toEqual({
    code: 2,
    stdout: "",
    stderr: 'Error: "gateway.prot" is not set\nDid you mean gateway.port?\n',
  });
});

test("config set and unset change one value and keep the rest of the file", async () => {
  await using home = await homeWith(TOML);
  const run = (...args: string[]) => runCli(["config", ...args], { home: home.path });
  const file = () => readFileSync(join(home.path, "config.toml"), "utf8");
  expect(await run("set", "gateway.max_payload", "4096")).toEqual({
    code: 0,
    stdout: "",
    stderr: "Set gateway.max_payload\n",
  });
  expect(file()).toBe(TOML.replace("port = 0 # any\n", "port = 0 # any\nmax_payload = 4096\n"));
  expect((await run("set", "gateway.max_payload", "4096")).stderr).toBe("gateway.max_payload has that value already\n");
  expect((await run("set", "models.aliases.fast", "local/m")).code).toBe(0);
  expect((await run("set", "models.fallbacks", '["local/m"]', "--json")).stdout).toBe('{"changed":["models"]}\n');
  expect(await run("unset", "gateway.max_payload")).toEqual({
    code: 0,
    stdout: "",
    stderr: "Removed gateway.max_payload\n",
  });
  expect((await run("unset", "gateway.max_payload")).stderr).toBe("gateway.max_payload was not set\n");
  expect(file()).toContain("# mine\n[gateway]\nport = 0 # any\n");
});

test("config set says when the comments of the file could not be kept", async () => {
  const toml = `${TOML}\n[[providers.local.models]] # the only one\nid = "m"\n`;
  const note = "Note: The file was written anew: comments and the order of keys were not kept\n";
  await using home = await homeWith(toml);
  const run = (...args: string[]) => runCli(["config", ...args], { home: home.path });
  expect((await run("set", "providers.local.models", '["n"]')).stderr).toBe(`Set providers.local.models\n${note}`);
  writeFileSync(join(home.path, "config.toml"), toml);
  expect(JSON.parse((await run("set", "providers.local.models", '["n"]', "--json")).stdout)).toEqual({
    changed: ["providers"],
    note: expect.stringContaining("written anew"),
  });
});

test("config set takes what looks like a number as a string where a string is wanted", async () => {
  await using home = await homeWith("");
  const run = (...args: string[]) => runCli(["config", ...args], { home: home.path });
  expect((await run("set", "models.default", "42")).code).toBe(0);
  expect(readFileSync(join(home.path, "config.toml"), "utf8")).toContain('default = "42"');
  const wrong = await run("set", "gateway.port", "eighty");
  expect({ code: wrong.code, stderr: wrong.stderr }).toEqual({
    code: 78,
    stderr: "Error: Config is not valid: gateway.port: must be a number, not a string\n",
  });
});

test("config set warns of a secret in the clear, and not of a reference", async () => {
  await using home = await homeWith("");
  const set = (value: string) => runCli(["config", "set", "providers.openai.api_key", value], { home: home.path });
  expect((await set("env:OPENAI_API_KEY")).stderr).toBe("Set providers.openai.api_key\n");
  expect((await set("sk-in-the-clear")).stderr).toStartWith("Note: the secret stands in config.toml in the clear");
});

test("config set reaches the server that runs", async () => {
  await using server = await testApp();
  await runCli(["config", "set", "models.default", "demo/demo"], { home: server.home.path });
  const { config } = await server.client.call("config.get", {});
  expect(config.models).toMatchObject({ default: "demo/demo" });
});

test("config validate names each fault with its line, and leaves nothing behind", async () => {
  await using home = await homeWith('[gateway]\nport = "x"\n\n[providers.openai]\nfrobnicate = 1\n');
  const { code, stdout, stderr } = await runCli(["config", "validate"], { home: home.path });
  expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  expect(stderr).toContain("line 2, gateway.port: must be a number, not a string");
  expect(readdirSync(home.path)).toEqual(["config.toml"]);
  writeFileSync(join(home.path, "config.toml"), "[providers.openai]\nfrobnicate = 1\n");
  const options = await runCli(["config", "validate", "--json"], { home: home.path });
  expect({ code: options.code, error: JSON.parse(options.stdout).error }).toMatchObject({
    code: 78,
    error: { reason: "config_invalid", issues: [{ line: 2, path: "providers.openai.frobnicate" }] },
  });
});

test("config validate accepts what a start would, and an absent file", async () => {
  await using home = await homeWith(TOML);
  const path = join(home.path, "config.toml");
  expect(await runCli(["config", "validate"], { home: home.path })).toEqual({
    code: 0,
    stdout: `${path} is valid\n`,
    stderr: "",
  });
  const other = await runCli(["config", "validate", path], { home: "/nonexistent", cwd: home.path });
  expect(other).toEqual({ code: 0, stdout: `${path} is valid\n`, stderr: "" });
  const absent = await runCli(["config", "validate", "--home", join(home.path, "none")], { home: home.path });
  expect({ code: absent.code, stdout: absent.stdout }).toEqual({
    code: 0,
    stdout: `${join(home.path, "none/config.toml")} does not exist; the defaults are in force\n`,
  });
  expect((await runCli(["config", "validate", "missing.toml"], { home: home.path })).code).toBe(2);
  expect(existsSync(join(home.path, "none"))).toBe(false);
});

test("config schema and path need no home", async () => {
  await using home = await testFolder();
  const { code, stdout } = await runCli(["config", "schema"], { home: join(home.path, "none"), cwd: home.path });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ type: "object", properties: { gateway: { type: "object" } } });
  const path = await runCli(["config", "path", "--config", "x.toml"], { home: home.path });
  expect(path.stdout).toBe(`${join(home.path, "x.toml")}\n`);
  expect(readdirSync(home.path)).toEqual([]);
});

test("config without a subcommand shows its help and is a usage error", async () => {
  await using home = await testFolder();
  const { code, stdout, stderr } = await runCli(["config"], { home: home.path });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("Usage: aleph config <command> [options]");
});

test("config apply replaces the whole file once it is valid, and says beforehand what changes", async () => {
  await using home = await testFolder();
  const run = (...words: string[]) => runCli(["config", ...words], { home: home.path, cwd: home.path });
  writeFileSync(join(home.path, "config.toml"), "# mine\n[gateway]\nport = 1234\n");
  writeFileSync(join(home.path, "new.toml"), "# new\n[gateway]\nport = 4321\n");
  writeFileSync(join(home.path, "bad.toml"), "[gateway]\nport = 'x'\n");
  expect(await run("apply", "new.toml", "--dry-run")).toEqual({
    code: 0,
    stdout: "",
    stderr: "Would change gateway\n",
  });
  expect(readFileSync(join(home.path, "config.toml"), "utf8")).toContain("1234");
  expect(await run("apply", "bad.toml")).toMatchObject({
    code: 78,
    stderr: expect.stringMatching(/^Error: bad.toml is not valid\n.*line 2, gateway.port/),
  });
  expect(await run("apply", "new.toml")).toEqual({ code: 0, stdout: "", stderr: "Replaced; it changed gateway\n" });
  expect(readFileSync(join(home.path, "config.toml"), "utf8")).toStartWith("# new\n");
  expect(await run("apply", "none.toml")).toMatchObject({ code: 1, stderr: expect.stringContaining("none.toml") });
  expect(await run("reload")).toMatchObject({ code: 69 });
}, 60_000);
