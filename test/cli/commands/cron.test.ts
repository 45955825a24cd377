import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { conversation } from "../../support/conversation.ts";
import { until } from "../../support/until.ts";

const LONG_MS = 60_000;

test(
  "cron adds, lists, runs, pauses, resumes and removes jobs, and shows their history",
  async () => {
    await using t = await conversation({ config: { memory: { extract: { enabled: false } } } });
    const run = (...words: string[]) => runCli(["cron", ...words], { home: t.home.path });
    expect(await run()).toEqual({ code: 0, stdout: "", stderr: "No jobs\n" });
    const added = await run(
      "add",
      "What is new?",
      "--cron",
      "0 8 * * *",
      "--tz",
      "Europe/Berlin",
      "--id",
      "news",
      "--to",
      "agent:main:main",
    );
    expect(added).toMatchObject({ code: 0, stdout: "news\n", stderr: expect.stringMatching(/^Runs next at \d{4}-/) });
    expect((await run("add", "Again", "--every", "15m", "--missed", "skip", "--jitter", "5s")).code).toBe(0);
    expect((await run("list")).stdout).toContain("0 8 * * * (Europe/Berlin)");
    t.fake.reply("Nothing");
    expect((await run("run", "news")).stderr).toMatch(/^news: running as run_/);
    await until(async () => (await run("history", "news")).stdout.includes("completed"), 30_000);
    expect((await run("pause", "news")).stderr).toBe("news: paused\n");
    expect((await run("resume", "news", "--json")).stdout).toContain('"enabled":true');
    expect((await run("remove", "news")).stderr).toBe("news: removed\n");
    const gone = await run("remove", "news");
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('No job "news"')]);
  },
  LONG_MS,
);

test.each([
  [["add", "x"], "One of --cron, --every and --at says when"],
  [["add", "x", "--every", "5m", "--at", "2099-01-01"], "One of --cron, --every and --at says when"],
  [["add", "x", "--every", "5m", "--tz", "Europe/Berlin"], "--tz is for --cron and --at"],
  [["add", "x", "--every", "soon"], "--every must be a number and s, m, h or d"],
  [["add", "x", "--every", "5m", "--to", "nowhere"], "--to is interface:conversation, a session key or a URL"],
  [["add", "x", "--every", "5m", "--missed", "never"], "--missed knows skip, once and all"],
  [["history", "--limit", "0"], "--limit must be a whole number from 1 to 1000"],
])("cron %j is refused", async (words, why) => {
  const { code, stderr } = await runCli(["cron", ...words], { home: "/nowhere" });
  expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
});
