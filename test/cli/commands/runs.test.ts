import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectEvents } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
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

test("runs waits for one, steers and cancels it, and shows its events and what waits", async () => {
  await using t = await conversation();
  const run = (...words: string[]) => runCli(["runs", ...words], { home: t.home.path });
  expect(await run("queue")).toEqual({ code: 0, stdout: "", stderr: "Nothing runs\n" });
  const go = Promise.withResolvers<void>();
  t.fake.reply([{ text: "One moment" }, { wait: go.promise }, { tool_call: { name: "time", args: {} } }], "Both done");
  const { until } = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "First this", session_key: MAIN });
  await until(({ topic }) => topic === "stream.chunk");
  expect(await run("queue")).toMatchObject({
    stdout: `RUN${" ".repeat(35)}STATUS   SESSION\n${run_id}  running  ${MAIN}\n`,
  });
  expect(await run("steer", run_id, "And", "that")).toEqual({ code: 0, stdout: "", stderr: `${run_id} is told\n` });
  const waiting = run("wait", run_id);
  go.resolve();
  expect(await waiting).toEqual({ code: 0, stdout: "Both done\n", stderr: "" });
  expect(JSON.stringify(t.fake.requests[1]!.body)).toContain("And that");
  expect((await run("events", run_id)).stdout).toMatch(/^ *SEQ +TIME +TOPIC +DATA\n(?:.*\n)*.*agent\.completed/);
  expect(await run("steer", run_id, "more")).toMatchObject({ code: 1, stderr: expect.stringContaining("completed") });

  const never = Promise.withResolvers<void>();
  t.fake.reply([{ text: "Well" }, { wait: never.promise }]);
  const second = await t.client.call("agent.run", { message: "Second", session_key: MAIN });
  await until(({ topic, data }) => topic === "stream.chunk" && "run_id" in data && data.run_id === second.run_id);
  expect(await run("cancel", second.run_id, "--now")).toMatchObject({ code: 0, stdout: "" });
  expect(await run("wait", second.run_id)).toMatchObject({
    code: 1,
    stdout: "Well\n",
    stderr: expect.stringMatching(/^It is cancelled/),
  });
  never.resolve();
  expect(await run("wait", "run_none")).toMatchObject({ code: 1, stderr: expect.stringContaining("aleph runs list") });
  expect(await run("wait", run_id, "--timeout", "0")).toMatchObject({ code: 2 });
}, 90_000);
