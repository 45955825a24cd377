import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { testFolder } from "../../support/folder.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("usage shows what models took, what has no price, and the budgets", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake, { more: "\n[limits.budget.day]\ntokens = 15\n" });
  const { path } = home;
  const before = await runCli(["usage"], { home: path });
  expect(before).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^budget of the day: 0 of 15 tokens, 15 left, begins anew in \d+ (?:s|min|h)\n$/),
    stderr: "No model was used in that time\n",
  });
  fake.reply("hello");
  await runCli(["chat", "hi"], { home: path });
  const { code, stdout, stderr } = await runCli(["usage", "--by", "model", "--since", "1d"], { home: path });
  expect(code).toBe(0);
  const [head, row, total, budget] = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  expect([head, row, total]).toEqual([
    ["MODEL", "REPLIES", "IN", "OUT", "CACHED", "TIME", "COST $"],
    ["fake/m", "1", "10", "5", "0 %", expect.stringMatching(/^\d+\.\d s$/)],
    ["total", "1", "10", "5", "0 %", expect.stringMatching(/^\d+\.\d s$/)],
  ]);
  expect(budget![0]).toStartWith("budget of the day: 15 of 15 tokens, 0 left");
  expect(stderr).toBe("The price of 1 reply is not known and not in the cost\n");
  const json = await runCli(["usage", "--json", "--by", "session"], { home: path });
  expect(JSON.parse(json.stdout)).toMatchObject({ rows: [{ key: "agent:main:main", input: 10 }] });
  const refused = await runCli(["chat", "again"], { home: path });
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("The budget of the day is used up: 15 tokens");
});

test.each([
  [["--since", "yesterday"], "--since must be a span or a date"],
  [["--until", "7y"], "--until must be a span or a date"],
  [["--since", "2026-13-45"], "--since must be a span or a date"],
  [["--limit", "0"], "--limit must be a whole number from 1 to 1000"],
  [["--by", "colour"], "colour"],
])("usage refuses %j", async (words, message) => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  const { code, stdout, stderr } = await runCli(["usage", ...words], { home: home.path });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
});

test("usage knows that the demo costs nothing, from its first reply on", async () => {
  await using folder = await testFolder();
  await runCli(["chat", "hi"], { home: folder.path });
  const { stdout, stderr } = await runCli(["usage", "--json"], { home: folder.path });
  expect([JSON.parse(stdout), stderr]).toMatchObject([{ total: { replies: 1, cost_usd: 0, unpriced: 0 } }, ""]);
});
