/** `aleph nodes`: a real node in the test's process, commands in processes of their own. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestApp, testApp } from "../../support/app.ts";
import { openScreen, runCli, startCli } from "../../support/cli.ts";
import { joinNode, startNode, type TestNodeOptions } from "../../support/node.ts";
import { until } from "../../support/until.ts";

const portOf = (app: Pick<TestApp, "url">) => Number(new URL(app.url).port);

function joinBuilder(app: TestApp, more: Omit<TestNodeOptions, "port"> = {}) {
  return joinNode(app.client, { port: portOf(app), name: "builder", tags: ["linux", "gpu"], ...more });
}

test("nodes says that there are none and how to add one", async () => {
  await using app = await testApp();
  const { code, stdout, stderr } = await runCli(["nodes"], { home: app.home.path });
  expect([code, stdout, stderr]).toEqual([0, "", "No nodes. Add one with: aleph-server node --center URL\n"]);
});

test("nodes list shows what works and its tags, get one with its newest calls", async () => {
  await using app = await testApp();
  await using node = await joinBuilder(app);
  const home = app.home.path;
  const list = await runCli(["nodes", "list"], { home });
  expect(list.stdout).toMatch(/^NODE +STATUS +TAGS +SYSTEM +RUNNING +SEEN\n/);
  expect(list.stdout).toMatch(new RegExp(`builder +online +linux,gpu +${process.platform} ${process.arch} +0 `));
  expect((await runCli(["nodes", "--tag", "gpu", "--tag", "linux"], { home })).stdout).toContain("builder");
  expect((await runCli(["nodes", "--tag", "windows"], { home })).stdout).toBe("");
  expect(JSON.parse((await runCli(["nodes", "--json"], { home })).stdout).nodes).toMatchObject([
    { name: "builder", node_id: node.id, status: "online", tags: ["linux", "gpu"] },
  ]);

  const { code, stdout } = await runCli(["nodes", "invoke", "builder", "system.info"], { home });
  expect([code, stdout]).toEqual([0, expect.stringContaining(process.arch)]);
  const shown = await runCli(["nodes", "get", "builder"], { home });
  expect(shown.stdout).toStartWith(`builder  online  ${node.id}\nTags: linux, gpu\nSystem: ${process.platform} `);
  expect(shown.stdout).toMatch(/\nCommands: .*system\.info/);
  expect(shown.stdout).toMatch(/\n\S+ +system\.info +done +\S/);
  expect(JSON.parse((await runCli(["nodes", "get", node.id, "--json"], { home })).stdout)).toMatchObject({
    name: "builder",
    calls: [{ command: "system.info", outcome: "done" }],
  });
});

test("nodes invoke gives what the node answers, and its failure as an exit code", async () => {
  await using app = await testApp();
  await using node = await joinBuilder(app);
  const home = app.home.path;
  writeFileSync(join(node.workspace, "note.txt"), "from the node");
  const read = (...words: string[]) => runCli(["nodes", "invoke", "builder", "file.read", ...words], { home });
  expect(await read('{"path": "note.txt"}')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("from the node"),
  });
  const failed = await read('{"path": "nowhere.txt"}', "--json");
  expect([failed.code, JSON.parse(failed.stdout)]).toEqual([
    1,
    { ok: false, outcome: "failed", result: expect.stringContaining("nowhere.txt") },
  ]);
  expect((await read('{"path": "nowhere.txt"}')).stderr).toContain("Outcome: failed\n");
});

test("nodes invoke waits for a person's word where there is no terminal, and names the command for it", async () => {
  await using app = await testApp();
  await using _node = await joinBuilder(app, { toml: '[node]\nask = ["file.write"]\n' });
  const words = ["nodes", "invoke", "builder", "file.write", '{"path": "made.txt", "content": "x"}'];
  await using waiting = startCli(words, { home: app.home.path });
  const [, id = ""] = /approvals approve (\S+)/.exec(await waiting.waitFor(/approvals approve \S+\n/)) ?? [];
  expect((await runCli(["approvals", "approve", id], { home: app.home.path })).code).toBe(0);
  expect((await waiting.finished).code).toBe(0);
});

test("nodes invoke asks at a terminal and takes no for an answer", async () => {
  await using app = await testApp();
  await using node = await joinBuilder(app, { toml: '[node]\nask = ["file.write"]\n' });
  const words = ["nodes", "invoke", "builder", "file.write", '{"path": "made.txt", "content": "x"}'];
  await using screen = openScreen(words, { home: app.home.path });
  await screen.shows("[y/N]");
  screen.type("n\n");
  expect(await screen.exited).not.toBe(0);
  expect(await Bun.file(join(node.workspace, "made.txt")).exists()).toBe(false);
});

test("nodes approve lets a waiting node in, revoke ends it at once", async () => {
  await using app = await testApp();
  await using node = await startNode({ port: portOf(app), name: "late" });
  const waiting = await until(() => {
    const state = node.states.at(-1);
    return state?.kind === "waiting" && state;
  });
  const home = app.home.path;
  const list = await runCli(["nodes"], { home });
  expect([list.stdout, list.stderr]).toEqual([
    "",
    `late waits at 127.0.0.1. Let it in with: aleph nodes approve ${waiting.code}\n`,
  ]);
  const approved = await runCli(["nodes", "approve", waiting.code.toLowerCase()], { home });
  expect([approved.code, approved.stderr]).toEqual([0, "Let in: late\n"]);
  await until(() => node.states.at(-1)?.kind === "connected");
  const revoked = await runCli(["nodes", "revoke", "late"], { home });
  expect([revoked.code, revoked.stderr]).toEqual([0, "Let in no more\n"]);
  await expect(node.ended).rejects.toThrow("The center lets this node in no more");
  expect((await runCli(["nodes", "list"], { home })).stdout).not.toContain("online");
});

test("nodes refuses a node that is not there, a wrong code, arguments that are no JSON and a time that is none", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const run = async (...words: string[]) => {
    const { code, stderr } = await runCli(["nodes", ...words], { home });
    return [code, stderr.split("\n")[0]];
  };
  for (const words of [
    ["get", "none"],
    ["revoke", "none"],
    ["invoke", "none", "system.info"],
  ]) {
    expect([words, ...(await run(...words))]).toEqual([words, 1, expect.stringContaining("none")]);
  }
  expect(await run("approve", "22222222")).toEqual([1, "Error: No device waits with this code"]);
  expect((await run("invoke", "n", "file.read", "{"))[0]).toBe(2);
  expect(await run("invoke", "n", "exec", "true", "--timeout", "soon")).toEqual([
    2,
    'Error: --timeout "soon" is not a number of milliseconds',
  ]);
  expect((await run("invoke", "n"))[0]).toBe(2);
});
