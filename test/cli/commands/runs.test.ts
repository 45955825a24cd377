import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../support/cli.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("runs lists and shows runs, and plays a recorded one again byte for byte", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake, { more: "\n[debug]\nrecord = true\n" });
  const run = (...words: string[]) => runCli(["runs", ...words], { home: home.path });
  expect(await run()).toEqual({ code: 0, stdout: "", stderr: "No runs\n" });
  fake.reply(["Grüße ", "an dich\n", "\n"]);
  await runCli(["chat", "hi"], { home: home.path });
  const listed = await run("--json");
  const [{ run_id }] = JSON.parse(listed.stdout).runs;
  const table = (await run("list", "--status", "completed")).stdout.split("\n")[1]!;
  expect(table.split(/ {2,}/)).toEqual(
    [run_id, "agent:main:main", "completed", "1", "15", "just now"].map((each) =>
      expect.stringContaining(each),
    ) as never,
  );
  expect((await run("list", "--status", "failed")).stderr).toBe("No runs\n");
  const shown = await run("show", run_id);
  expect(shown.stdout).toContain("Grüße an dich");
  expect(shown.stdout).toMatch(/tokens +10 in, 5 out, 0 cached/);
  const replayed = await run("replay", run_id);
  expect(replayed).toEqual({
    code: 0,
    stdout: "Grüße an dich\n\n",
    stderr: expect.stringMatching(/^As it was recorded \(\d+ events\)\n$/),
  });
  expect(fake.requests).toHaveLength(1);
  const path = join(home.path, "logs", "cassettes", `${run_id}.jsonl`);
  writeFileSync(path, readFileSync(path, "utf8").replace('"text":"hi"', '"text":"ho"'));
  const other = await run("replay", run_id);
  expect([other.code, other.stderr]).toEqual([
    1,
    'request 1, request.messages.0.content.0.text\n  recorded "ho"\n  replayed "hi"\n',
  ]);
});

test("runs refuses a run that there is not, one that was not recorded, and a limit that is none", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  const run = (...words: string[]) => runCli(["runs", ...words], { home: home.path });
  fake.reply("hello");
  await runCli(["chat", "hi"], { home: home.path });
  const [{ run_id }] = JSON.parse((await run("--json")).stdout).runs;
  expect(await run("show", "run_1")).toMatchObject({ code: 1, stderr: expect.stringContaining('No run "run_1"') });
  expect(await run("replay", run_id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("debug.record = true"),
  });
  expect(await run("--limit", "x")).toMatchObject({ code: 2, stderr: expect.stringContaining("--limit must be") });
});
