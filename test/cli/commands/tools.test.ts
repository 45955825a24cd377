import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { openScreen, runCli, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

test("tools lists what the agent may use and uses one by hand", async () => {
  await using t = await testApp();
  const run = (...words: string[]) => runCli(["tools", ...words], { home: t.home.path });
  expect((await run()).stdout).toMatch(/^TOOL +GUESTS +DESCRIPTION\n(?:.*\n)*time +yes /);
  const workspace = join(t.home.path, "workspaces/main");
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, "notes.md"), "milk\n");
  expect(await run("call", "read", '{"path": "notes.md"}')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("milk"),
    stderr: "",
  });
  expect(await run("call", "read", '{"path": "none.md"}')).toMatchObject({ code: 1, stdout: "" });
  expect(await run("call", "read", "[]")).toMatchObject({
    code: 2,
    stderr: `Error: The arguments must be a JSON object\nFor example '{"path": "notes.md"}'\n`,
  });
}, 60_000);

const TOUCH = ["tools", "call", "exec", '{"command": "touch made"}'];

test("tools call waits on a pipe until somebody approves, and says how", async () => {
  await using t = await testApp();
  await using call = startCli(TOUCH, { home: t.home.path });
  const told = await call.waitFor(/aleph approvals approve (\S+)\n/);
  const id = /approve (\S+)/.exec(told)![1]!;
  expect((await runCli(["approvals", "deny", id], { home: t.home.path })).code).toBe(0);
  expect((await call.finished).code).not.toBe(0);
}, 60_000);

test("tools call asks at a terminal, and Ctrl-C is a no", async () => {
  await using t = await testApp();
  await using screen = openScreen(TOUCH, { home: t.home.path });
  await screen.shows("Allow it? [y/N]");
  screen.type("\x03");
  expect(await screen.exited).not.toBe(0);
  expect((await t.client.call("approvals.list", { status: "pending" })).approvals).toEqual([]);
}, 60_000);

test("tools call is denied at once where nobody can be asked: on a pipe, without a server", async () => {
  await using home = await testFolder();
  expect(await runCli(TOUCH, { home: home.path })).toMatchObject({
    code: 77,
    stdout: "",
    stderr: expect.stringMatching(/^Nobody can be asked: .*\nError: /),
  });
}, 60_000);
