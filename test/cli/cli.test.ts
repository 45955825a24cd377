import { expect, test } from "bun:test";
import { allEntries } from "../../src/cli/all-entries.ts";
import { isGroup } from "../../src/cli/command.ts";
import { testApp } from "../support/app.ts";
import { openScreen, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

const cases: readonly (readonly [args: string, stderr: string])[] = [
  ["sesions", 'Error: Unknown command "sesions"\nDid you mean "aleph sessions"?\n'],
  ["hello", 'Error: Unknown command "hello"\nTo say it to the agent: aleph chat "hello"\n'],
  ["sessions lst", 'Error: Unknown command "lst"\nDid you mean "aleph sessions list"?\n'],
  ["chat --sesion x", "Error: Unknown option --sesion\nDid you mean --session?\n"],
  ["--thinkng high", "Error: Unknown option --thinkng\nDid you mean --thinking?\n"],
  ["status --quux", 'Error: Unknown option --quux\nRun "aleph status --help" for what it takes\n'],
  [
    "chat --thinking hgh x",
    'Error: Option --thinking is one of off, low, medium, high, not "hgh"\nDid you mean --thinking high?\n',
  ],
  ["status --home", "Error: Option --home needs a value\nWrite it as --home=dir\n"],
  ["status --home=", "Error: Option --home needs a value\nWrite it as --home=dir\n"],
  ["status --home --json", "Error: Option --home needs a value\nWrite it as --home=dir\n"],
  ["status --json=yes", 'Error: Option --json takes no value\nRun "aleph status --help" for what it takes\n'],
  ["sessions show", 'Error: KEY is missing\nRun "aleph sessions show --help" for what it takes\n'],
  ["sessions show a b", 'Error: Too many arguments: at most 1\nRun "aleph sessions show --help" for what it takes\n'],
  ["serve --port x", 'Error: Port "x" is not a number from 0 to 65535\nFor example --port 18790\n'],
  [
    "serve --log-level dbug",
    'Error: Option --log-level is one of debug, info, warn, error, not "dbug"\nDid you mean --log-level debug?\n',
  ],
];

test.each(cases)("aleph %s is refused with exit code 2 and a next step", async (args, stderr) => {
  await using home = await testFolder();
  expect(await runCli(args.split(" "), { home: home.path })).toEqual({ code: 2, stdout: expect.any(String), stderr });
});

test("aleph with no argument off a terminal shows the help", async () => {
  await using home = await testFolder();
  const { code, stdout, stderr } = await runCli([], { home: home.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toStartWith("Aleph, a personal AI assistant");
  expect(stdout).not.toContain("\x1b");
});

test("aleph with no argument on a terminal is the terminal interface", async () => {
  await using home = await testFolder();
  await using screen = openScreen([], { home: home.path });
  await screen.shows("Write a message");
  screen.type("\x04");
  expect(await screen.exited).toBe(0);
});

test.each([
  ["on a terminal that can show nothing more", [], "dumb"],
  ["with an option that only chat has", ["--thinking-text"], "xterm-256color"],
] as const)("aleph with no command is a conversation at the prompt %s", async (_where, args, term) => {
  await using home = await testFolder();
  await using screen = openScreen(args, { home: home.path, env: { TERM: term } });
  await screen.shows("/help lists commands");
  await screen.shows("› ");
  screen.type("\x04");
  expect(await screen.exited).toBe(0);
});

test("aleph-server takes options without a command for serve", async () => {
  await using home = await testFolder();
  const { code, stderr } = await runCli(["--prt", "1"], { home: home.path, name: "aleph-server" });
  expect({ code, stderr }).toEqual({ code: 2, stderr: "Error: Unknown option --prt\nDid you mean --port?\n" });
});

test("aleph-server has the commands of aleph under its own name", async () => {
  await using home = await testFolder();
  const { code, stdout } = await runCli(["help", "sessions", "list"], { home: home.path, name: "/opt/aleph-server" });
  expect(code).toBe(0);
  expect(stdout).toContain("Usage: aleph-server sessions list [options]\n");
});

test("every command and subcommand has help", async () => {
  await using home = await testFolder();
  const { commands } = await import("../../src/cli/commands/index.ts");
  const { isGroup } = await import("../../src/cli/command.ts");
  const paths: string[][] = [];
  for (const [name, load] of Object.entries(commands)) {
    const entry = await load();
    paths.push([name], ...(isGroup(entry) ? Object.keys(entry.commands).map((below) => [name, below]) : []));
  }
  const results = await Promise.all(paths.map((path) => runCli([...path, "--help"], { home: home.path })));
  expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(paths.map(() => ({ code: 0, stderr: "" })));
  for (const [at, { stdout }] of results.entries()) expect(stdout).toContain(`Usage: aleph ${paths[at]!.join(" ")}`);
}, 60_000);

test("options may stand before the command", async () => {
  await using home = await testFolder();
  const { code, stdout } = await runCli(["--json", "--home", home.path, "config", "path"], {
    home: "/nowhere",
    cwd: home.path,
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringContaining('"message":"Unknown option --json"') });
  const plain = await runCli(["--home", home.path, "config", "path"], { home: "/nowhere", cwd: home.path });
  expect(plain).toEqual({ code: 0, stdout: `${home.path}/config.toml\n`, stderr: "" });
});

test("with --json a failure is also a line for programs", async () => {
  await using home = await testFolder();
  const { code, stdout } = await runCli(["sessions", "show", "agent:main:none", "--json"], { home: home.path });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    error: { reason: "not_found", message: 'No session "agent:main:none"', hint: expect.any(String) },
  });
});

test.skipIf(process.platform !== "linux")("output that cannot be written is a failure in words", async () => {
  await using home = await testFolder();
  expect(await runCli(["config", "schema"], { home: home.path, output: "/dev/full" })).toEqual({
    code: 1,
    stdout: "",
    stderr: "Error: Disk is full\nFree some space; what was acknowledged is safe\n",
  });
});

test("help is coloured on a terminal, and never with NO_COLOR", async () => {
  await using home = await testFolder();
  await using coloured = openScreen(["--help"], { home: home.path });
  await coloured.exited;
  await coloured.shows("tells more");
  expect(coloured.raw).toContain("\x1b[1m");
  await using plain = openScreen(["--help"], { home: home.path, env: { NO_COLOR: "1" } });
  await plain.exited;
  await plain.shows("tells more");
  expect(plain.raw).not.toContain("\x1b[");
});

test.each([
  [["devices", "revoke", "none"], "aleph devices list shows those that exist"],
  [["invites", "revoke", "none"], "aleph invites list shows those that exist"],
  [["tokens", "revoke", "none"], "aleph tokens list shows those that exist"],
  [["approvals", "show", "none"], "aleph approvals list shows those that wait"],
  [["approvals", "revoke", "none"], "aleph approvals grants shows those that do"],
  [["webhooks", "test", "none"], "aleph webhooks list shows those that exist"],
  [["sessions", "rewind", "agent:main:main", "--at", "99"], "aleph sessions show shows those that exist"],
])("aleph %j names the list of what there is", async (words, hint) => {
  await using t = await testApp();
  await t.client.call("session.create", { session_key: "agent:main:main" });
  const { code, stderr } = await runCli(words, { home: t.home.path });
  expect([code, stderr.split("\n")[1]]).toEqual([1, hint]);
});

test("help breaks lines where the terminal does, and by itself between sentences alone", async () => {
  const all = (await allEntries()).flatMap(([name, entry]) => [
    [name, entry] as const,
    ...(isGroup(entry) ? Object.entries(entry.commands) : []).map(([own, one]) => [`${name} ${own}`, one] as const),
  ]);
  expect(all.filter(([, { details = "" }]) => /[^.]\n/.test(details)).map(([name]) => name)).toEqual([]);
});

test("help fits a narrow terminal", async () => {
  await using home = await testFolder();
  await using screen = openScreen(["serve", "--help"], { home: home.path, columns: 60 });
  await screen.exited;
  await screen.shows("--help");
  const options = screen.text.slice(screen.text.indexOf("Options:"), screen.text.indexOf("Examples:"));
  expect(Math.max(...options.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
});
