import { expect, test } from "bun:test";
import { openScreen, runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

test("rpc calls a method with parameters from the line or from standard input", async () => {
  await using home = await testFolder();
  const created = await runCli(["rpc", "session.create", '{"title": "Mine\x9b"}'], { home: home.path });
  expect({ code: created.code, stderr: created.stderr }).toEqual({ code: 0, stderr: "" });
  expect(created.stdout).toContain('"title":"Mine\\u009b"');
  const { session_key } = JSON.parse(created.stdout);
  const found = await runCli(["rpc", "session.get", "-"], { home: home.path, stdin: JSON.stringify({ session_key }) });
  expect(JSON.parse(found.stdout)).toMatchObject({ session_key, title: "Mine\x9b", message_count: 0 });
});

test("rpc without a method lists them all", async () => {
  await using home = await testFolder();
  const { code, stdout } = await runCli(["rpc"], { home: home.path });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^session\.list +List sessions, newest first$/m);
});

test("rpc indents its result for a person", async () => {
  await using home = await testFolder();
  await using screen = openScreen(["rpc", "rpc.ping"], { home: home.path });
  await screen.shows('{\n  "pong": true,');
  expect(await screen.exited).toBe(0);
});

test.each([
  [["rpc", "sesion.list"], 'Error: No method "sesion.list"\nDid you mean session.list?\n'],
  [
    ["rpc", "session.list", "{x"],
    /^Error: The parameters are not JSON: .*\nQuote them for the shell: '\{"limit": 5\}'\n$/,
  ],
  [["rpc", "session.list", "5"], "Error: The parameters must be a JSON object\nFor example '{\"limit\": 5}'\n"],
  [["rpc", "session.list", '{"limit": "x"}'], /^Error: .*limit: must be a (?:whole )?number, not a string/],
])("%j is a usage error", async (args, stderr) => {
  await using home = await testFolder();
  const result = await runCli(args, { home: home.path });
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 2, stdout: "" });
  expect(result.stderr).toMatch(stderr);
});
