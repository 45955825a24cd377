import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

const MAIN = join(import.meta.dir, "../../../src/main.ts");

async function shell(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: cwd, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** A folder with the script of a shell, and an `aleph` that the script can call. */
async function withScript(name: "bash" | "zsh" | "fish", home = "/nonexistent") {
  const folder = await testFolder();
  const { code, stdout, stderr } = await runCli(["completions", name], { home: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  writeFileSync(join(folder.path, "script"), stdout);
  const run = `#!/bin/sh\nALEPH_HOME='${home}' exec '${process.execPath}' '${MAIN}' "$@"\n`;
  writeFileSync(join(folder.path, "aleph"), run, { mode: 0o755 });
  return { ...folder, script: join(folder.path, "script"), path: folder.path };
}

/** What bash offers behind each line, as readline would insert it. */
async function bashOffers(lines: readonly string[], home?: string) {
  await using folder = await withScript("bash", home);
  writeFileSync(join(folder.path, "notes.txt"), "");
  writeFileSync(
    join(folder.path, "ask"),
    `source ./script
for line in "$@"; do
  COMP_LINE="$line"; COMP_POINT=\${#line}; COMP_WORDS=(./aleph); COMPREPLY=()
  _aleph
  printf '%s\\n' "\${COMPREPLY[*]}"
done`,
  );
  const { stdout, stderr } = await shell(["bash", "--norc", "ask", ...lines], folder.path);
  expect(stderr).toBe("");
  return stdout.trimEnd().split("\n");
}

test("the script for bash is sound and completes commands, options, values and files", async () => {
  await using folder = await withScript("bash");
  expect(await shell(["bash", "-n", folder.script], folder.path)).toEqual({ code: 0, stdout: "", stderr: "" });
  const cases = {
    "aleph s": "serve service stop status sessions services skills",
    "aleph sessions ": "list show context search create set export clear compact fork rewind delete",
    "aleph sessions e": "export",
    "aleph chat --thinking ": "off low medium high",
    "aleph chat --thinking=h": "high",
    "aleph chat --th": "--thinking --thinking-text",
    "aleph --home /x serve --log-level w": "warn",
    "aleph sessions export x --format ": "markdown html jsonl",
    "aleph chat --attach n": "notes.txt",
    "aleph-server serve --po": "--port",
    "aleph approvals list --status exp": "expired",
    "aleph nothing x": "",
    "aleph help": "help",
  };
  expect(await bashOffers(Object.keys(cases))).toEqual(Object.values(cases));
});

test("the script for bash asks a running server, and copes with the colons of session keys", async () => {
  await using server = await testApp();
  await server.client.call("session.create", { session_key: "agent:main:chat:one" });
  const offers = await bashOffers(
    [
      "aleph sessions show ",
      "aleph sessions show agent:ma",
      "aleph sessions show agent:main:chat:",
      "aleph rpc session.hi",
    ],
    server.home.path,
  );
  expect(offers).toEqual(["agent:main:chat:one", "main:chat:one", "one", "session.history"]);
});

test("the script for bash offers what a running server has of each kind, and what needs no server", async () => {
  await using server = await testApp({ config: { agents: { helper: {} } } });
  const { token_id } = await server.client.call("auth.tokens.create", { name: "phone", scopes: ["read"] });
  const { cron_id } = await server.client.call("cron.add", {
    schedule: { every_ms: 3_600_000 },
    message: "Look",
    id: "hourly",
  });
  const { invite_id } = await server.client.call("auth.invites.create", { tools: [] });
  const cases = {
    "aleph tokens revoke ": token_id,
    "aleph cron run ": cron_id,
    "aleph invites revoke ": invite_id,
    "aleph tools list --agent ": "main helper",
    "aleph tools call ti": "time",
    "aleph interfaces stop web": "webchat",
    "aleph config set gateway.por": "gateway.port",
    "aleph events cron.*": "cron.*",
    "aleph events cron.s": "cron.started cron.skipped",
    "aleph mcp stop ": "",
    "aleph runs show ": "",
    "aleph services stop ": "",
    "aleph skills get ": "",
    "aleph devices revoke ": "",
    "aleph nodes get ": "",
    "aleph jobs kill ": "",
    "aleph pairing approve ": "",
    "aleph webhooks test ": "",
    "aleph remote use ": "local",
  };
  expect(await bashOffers(Object.keys(cases), server.home.path)).toEqual(Object.values(cases));
}, 60_000);

test("without a server the scripts offer nothing and start nothing", async () => {
  await using home = await testFolder();
  expect(await runCli(["completions", "--values", "sessions"], { home: home.path })).toMatchObject({
    code: 69,
    stdout: "",
  });
  expect(await bashOffers(["aleph sessions show a"], home.path)).toEqual([""]);
});

test.skipIf(Bun.which("zsh") === null)("the script for zsh is sound", async () => {
  await using folder = await withScript("zsh");
  expect(await shell(["zsh", "-n", folder.script], folder.path)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test.skipIf(Bun.which("zsh") === null)(
  "the script for zsh completes commands and what a running server has",
  async () => {
    await using server = await testApp();
    await using folder = await withScript("zsh", server.home.path);
    // A shell at a terminal of its own: Tab is pressed there, and the line that comes of it is read.
    const driver = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PROMPT='READY>' RPROMPT= ; stty cols 200; autoload -U compinit; compinit -u -d ./dump; source ./script; print LOADED"
    say() { zpty -w -n shell $'\\x15'"$1"$'\\t'; zpty -r shell out "*$2*" && print -- "found $2" }
    zpty -r shell out '*LOADED*LOADED*'
    say './aleph sess' 'sessions'
    say './aleph interfaces stop webc' 'webchat'
    say './aleph chat --thinking h' 'high'
    zpty -d shell
  `;
    writeFileSync(join(folder.path, "driver"), driver);
    const { stdout } = await shell(["timeout", "60", "zsh", "-f", "driver"], folder.path, { TERM: "xterm" });
    expect(stdout.trim().split("\n")).toEqual(["found sessions", "found webchat", "found high"]);
  },
  90_000,
);

test.skipIf(Bun.which("fish") === null)("the script for fish offers what a running server has", async () => {
  await using server = await testApp();
  await using folder = await withScript("fish", server.home.path);
  const line = "complete -C './aleph interfaces stop web'";
  const { stdout } = await shell(["fish", "--no-config", "-c", `source ./script; ${line}`], folder.path);
  expect(stdout.trim()).toBe("webchat");
});

test.skipIf(Bun.which("fish") === null)("the script for fish is sound and completes", async () => {
  await using folder = await withScript("fish");
  expect(await shell(["fish", "-n", folder.script], folder.path)).toEqual({ code: 0, stdout: "", stderr: "" });
  const offers = async (line: string) => {
    const { stdout } = await shell(
      ["fish", "--no-config", "-c", `source ./script; complete -C '${line}'`],
      folder.path,
    );
    return stdout
      .trimEnd()
      .split("\n")
      .map((offer) => offer.split("\t")[0]);
  };
  expect(await offers("aleph sessions ex")).toEqual(["export"]);
  expect(await offers("aleph chat --thinking ")).toEqual(["high", "low", "medium", "off"]);
  expect(await offers("aleph serve --log-l")).toEqual(["--log-level"]);
});

test.each([
  [[], "Which shell?"],
  [["tcsh"], 'There is no script for "tcsh"'],
  [["toString"], 'There is no script for "toString"'],
])("completions %j is refused", async (args, message) => {
  await using home = await testFolder();
  expect(await runCli(["completions", ...args], { home: home.path })).toEqual({
    code: 2,
    stdout: "",
    stderr: `Error: ${message}\nUse bash, zsh or fish\n`,
  });
});
