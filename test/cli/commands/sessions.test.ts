import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { openScreen, runCli } from "../../support/cli.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";

async function talked() {
  const server = await conversation();
  server.fake.reply([{ tool_call: { name: "exec", args: { command: "ls" } } }], "All\x1b[2J done");
  await server.client.call("session.send", { message: "Hello there" });
  return server;
}

test("sessions lists what there is", async () => {
  await using server = await talked();
  const home = server.home.path;
  const { code, stdout, stderr } = await runCli(["sessions"], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n").map((line) => line.split(/ {2,}/).filter(Boolean))).toEqual([
    ["SESSION", "TITLE", "MODEL", "LAST USED", "RUN"],
    [MAIN, "Hello there", "just now"],
    [],
  ]);
  const json = await runCli(["sessions", "list", "--json", "--filter", "main"], { home });
  expect(JSON.parse(json.stdout).sessions).toMatchObject([{ session_key: MAIN, title: "Hello there" }]);
  expect(await runCli(["sessions", "--filter", "zzz"], { home })).toEqual({
    code: 0,
    stdout: "",
    stderr: "No session matches\n",
  });
  expect((await runCli(["sessions", "--limit", "0"], { home })).code).toBe(2);
});

test("sessions without any says how to begin", async () => {
  await using home = await testFolder();
  expect(await runCli(["sessions", "list"], { home: home.path })).toEqual({
    code: 0,
    stdout: "",
    stderr: "No sessions yet. Begin one with: aleph chat\n",
  });
});

test("sessions show prints the conversation without control sequences", async () => {
  await using server = await talked();
  const { code, stdout } = await runCli(["sessions", "show", MAIN], { home: server.home.path });
  expect(code).toBe(0);
  const lines = stdout.split("\n").map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, "TIME"));
  expect(lines[0]).toBe(`${MAIN}  Hello there`);
  expect(lines).toContain("user  1  TIME");
  expect(lines).toContain("Hello there");
  expect(lines).toContain('→ exec {"command":"ls"}');
  expect(lines.some((line) => line.startsWith("← exec ok"))).toBe(true);
  expect(lines).toContain("All\\x1b[2J done");
  const last = await runCli(["sessions", "show", MAIN, "--limit", "1"], { home: server.home.path });
  expect(last.stdout).toContain("earlier messages are not shown; see --limit");
});

test("sessions export writes a new file that only its owner reads, or to the output", async () => {
  await using server = await talked();
  const home = server.home.path;
  const toOutput = await runCli(["sessions", "export", MAIN], { home });
  expect({ code: toOutput.code, has: toOutput.stdout.includes("Hello there") }).toEqual({ code: 0, has: true });
  const args = ["sessions", "export", MAIN, "--format", "jsonl", "-o", "out.jsonl"];
  expect(await runCli(args, { home })).toEqual({ code: 0, stdout: "", stderr: "Written to out.jsonl\n" });
  const path = join(home, "out.jsonl");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => typeof JSON.parse(line)),
  ).toContain("object");
  const again = await runCli(args, { home });
  expect({ code: again.code, first: again.stderr.split("\n")[0] }).toEqual({
    code: 2,
    first: 'Error: "out.jsonl" exists already',
  });
  for (const [output, stderr] of [
    [home, `Error: "${home}" is a folder\nName a file in it\n`],
    ["none/x", `Error: There is no folder "${home}/none"\nMake it first, or name another place\n`],
  ] as const) {
    expect(await runCli(["sessions", "export", MAIN, "-o", output], { home })).toEqual({ code: 2, stdout: "", stderr });
  }
});

test("sessions clear and delete change what they name", async () => {
  await using server = await talked();
  const home = server.home.path;
  expect(await runCli(["sessions", "clear", MAIN], { home })).toEqual({
    code: 0,
    stdout: "",
    stderr: `Cleared ${MAIN}\n`,
  });
  expect((await server.client.call("session.history", { session_key: MAIN })).messages).not.toEqual([]);
  expect(await runCli(["sessions", "delete", MAIN, "--json"], { home })).toEqual({
    code: 0,
    stdout: `{"session_key":"${MAIN}"}\n`,
    stderr: "",
  });
  expect((await runCli(["sessions", "delete", MAIN], { home })).code).toBe(1);
});

test("sessions delete asks at a terminal", async () => {
  await using server = await talked();
  const home = server.home.path;
  {
    await using screen = openScreen(["sessions", "delete", MAIN], { home });
    await screen.shows("messages for good? [y/N]");
    screen.type("perhaps\r");
    await screen.shows("Please answer y or n");
    await screen.shows("[y/N]");
    screen.type("\r");
    await screen.shows("Nothing was deleted");
    expect(await screen.exited).toBe(1);
  }
  {
    await using screen = openScreen(["sessions", "delete", MAIN], { home });
    await screen.shows("[y/N]");
    screen.type("\x03");
    expect(await screen.exited).toBe(130);
  }
  expect((await server.client.call("session.list", {})).sessions).toHaveLength(1);
  await using screen = openScreen(["sessions", "delete", MAIN], { home });
  await screen.shows("[y/N]");
  screen.type("y\r");
  await screen.shows(`Deleted ${MAIN}`);
  expect(await screen.exited).toBe(0);
  expect((await server.client.call("session.list", {})).sessions).toEqual([]);
});

test("sessions fork and rewind print the key of the new session, and compact says what it did", async () => {
  await using server = await talked();
  const run = (...args: string[]) => runCli(["sessions", ...args], { home: server.home.path });
  const fork = await run("fork", MAIN, "--at", "1");
  expect({ code: fork.code, key: /^agent:main:chat:\S+\n$/.test(fork.stdout) }).toEqual({ code: 0, key: true });
  expect((await run("show", fork.stdout.trim())).stdout).not.toContain("done");
  expect((await run("rewind", MAIN)).stderr).toContain("Name a message");
  const back = await run("rewind", MAIN, "--before", "1");
  expect({ code: back.code, stderr: back.stderr }).toEqual({
    code: 0,
    stderr: "4 messages are taken back; the session as it was is\n",
  });
  expect((await run("show", back.stdout.trim())).stdout).toContain("done");
  expect((await run("rewind", back.stdout.trim(), "--at", "4")).stderr).toContain("Nothing came behind it");
  expect((await run("compact", back.stdout.trim())).stderr).toContain("Nothing is old enough");
  expect((await run("compact", back.stdout.trim(), "--undo")).stderr).toContain("is not compacted");
}, 30_000);

test("sessions creates one, sets what answers in it, goes back to the agent's own, and tells its context", async () => {
  await using t = await testApp();
  const run = (...words: string[]) => runCli(["sessions", ...words], { home: t.home.path });
  const key = "agent:main:chat:garden";
  expect(await run("create", key, "--title", "Garden")).toEqual({ code: 0, stdout: `${key}\n`, stderr: "" });
  expect((await run("create")).stdout).toMatch(/^agent:main:chat:\w+\n$/);
  const set = await run("set", key, "--model", "demo/demo", "--thinking", "high", "--allow", "read", "--deny", "exec");
  expect([set.code, set.stderr]).toEqual([
    0,
    `${key}: title "Garden", model demo/demo, thinking high, tools read, not exec\n`,
  ]);
  const back = await run(
    "set",
    key,
    "--title",
    "default",
    "--model",
    "default",
    "--thinking",
    "default",
    "--all-tools",
  );
  expect(back.stderr).toBe(`${key}: title none, model default, thinking default, tools default\n`);
  expect((await run("context", key)).stdout).toMatch(/^model +demo\/demo\ncontext +about \d+ tokens\n/);
  expect(JSON.parse((await run("export", key, "--format", "jsonl", "--json")).stdout)).toMatchObject({
    content: expect.any(String),
  });
  expect(await run("set", key)).toMatchObject({ code: 2, stderr: expect.stringContaining("Nothing to set") });
  expect(await run("set", "agent:main:chat:none", "--title", "x")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("aleph sessions list shows those that exist"),
  });
  expect(await run("create", "nope")).toMatchObject({ code: 2 });
}, 90_000);
