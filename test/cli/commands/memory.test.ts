import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { conversation, MAIN } from "../../support/conversation.ts";

test("memory adds, lists, searches, counts and forgets", async () => {
  await using t = await conversation({ config: { memory: { extract: { enabled: false } } } });
  const run = (...args: string[]) => runCli(["memory", ...args], { home: t.home.path });
  expect((await run()).stderr).toBe("Nothing is remembered yet\n");
  const added = await run("add", "The", "user lives in Berlin", "--subject", "home city");
  const [id] = /fact_[0-9a-f]+/.exec(added.stderr)!;
  expect(added).toEqual({ code: 0, stdout: "", stderr: `Remembered: ${id}\n` });
  expect((await run("add", "the user lives in berlin")).stderr).toBe(`Known already: ${id}\n`);
  const moved = await run("add", "The user lives in Oslo", "--subject", "home city");
  expect(moved.stderr).toEndWith(`Takes the place of ${id}: The user lives in Berlin\n`);
  const found = await run("search", "where", "lives", "--json");
  expect(JSON.parse(found.stdout)).toMatchObject({ mode: "text", facts: [{ content: "The user lives in Oslo" }] });
  expect((await run("list", "--all")).stdout).toContain("replaced");
  expect((await run("stats")).stdout).toContain("off: models.embedding is not set");
  expect((await run("forget", id, "--yes")).stderr).toBe("Forgotten: The user lives in Berlin\n");
  const gone = await run("forget", id, "--yes");
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining(`No fact "${id}"`)]);
  expect((await run("list", "--limit", "0")).code).toBe(2);
});

test("sessions search finds what was said, and tells when there is nothing", async () => {
  await using t = await conversation({ config: { memory: { extract: { enabled: false } } } });
  t.fake.reply("The harbour is \x1b[31mclosed");
  await t.client.call("session.send", { message: "Is the harbour open?" });
  const run = (...args: string[]) => runCli(["sessions", "search", ...args], { home: t.home.path });
  const { stdout } = await run("harbour", "closed");
  expect(stdout).toContain(MAIN);
  expect(stdout).toContain("assistant 2");
  expect(stdout).not.toContain("\x1b[31m");
  const json = await run("harbour", "--json", "--session", MAIN);
  expect(JSON.parse(json.stdout)).toMatchObject({
    not_searched: 0,
    messages: [{ session_key: MAIN }, { session_key: MAIN }],
  });
  expect(await run("nowhere")).toEqual({ code: 0, stdout: "", stderr: "No message has these words\n" });
});
