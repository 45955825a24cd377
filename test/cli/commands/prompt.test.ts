import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { conversation } from "../../support/conversation.ts";

test("prompt shows the parts with their sizes, or the text itself", async () => {
  await using server = await conversation();
  const run = (...args: string[]) => runCli(["prompt", ...args], { home: server.home.path });
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toMatch(/base +\d+\n/);
  expect(stdout).toMatch(/tool exec +\d+\n/);
  expect(stdout).toMatch(/all \d+ tools +\d+\nall +\d+\n$/);
  expect((await run("--text")).stdout).toContain("You are Aleph");
  expect(JSON.parse((await run("--json")).stdout)).toMatchObject({ agent: "main" });
  expect((await run("--agent", "nobody")).stderr).toContain('No agent "nobody"');
}, 30_000);
