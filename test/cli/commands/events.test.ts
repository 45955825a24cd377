import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

test("events shows what happens, what was kept before, and ends after as many as wanted", async () => {
  await using t = await testApp();
  const { home } = t;
  await using watch = startCli(["events", "session.*", "--json", "--count", "2", "--after", "0"], { home: home.path });
  await t.client.call("session.create", { session_key: "agent:main:chat:one" });
  await t.client.call("session.create", { session_key: "agent:main:chat:two" });
  const { code, stdout } = await watch.finished;
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { topic: string; data: { session_key: string } });
  expect([code, events.map(({ topic, data }) => [topic, data.session_key])]).toEqual([
    0,
    [
      ["session.created", "agent:main:chat:one"],
      ["session.created", "agent:main:chat:two"],
    ],
  ]);
  const plain = await runCli(["events", "session.created", "--after", "0", "--count", "1"], { home: home.path });
  expect(plain.stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d +\d+ {2}session\.created {2}\{"session_key"/);
}, 60_000);

test("events ends at Ctrl-C, and refuses what is no number and to watch where no server is", async () => {
  await using t = await testApp();
  await using watch = startCli(["events", "session.*", "--after", "0"], { home: t.home.path });
  await t.client.call("session.create", { session_key: "agent:main:chat:one" });
  await watch.waitFor("session.created");
  watch.kill("SIGINT");
  expect((await watch.finished).code).toBe(130);
  expect(await runCli(["events", "--count", "some"], { home: t.home.path })).toMatchObject({ code: 2 });
  await using empty = await testFolder();
  expect(await runCli(["events"], { home: empty.path })).toMatchObject({ code: 69, stdout: "" });
}, 60_000);

test("events says that no topic is named so, and that the connection was lost", async () => {
  await using t = await testApp();
  await using mistyped = startCli(["events", "sesion.*"], { home: t.home.path });
  expect(await mistyped.waitFor("No topic")).toBe('No topic is known as "sesion.*"; did you mean "session.*"?\n');
  await using watch = startCli(["events", "session.*", "--after", "0"], { home: t.home.path });
  await t.client.call("session.create", { session_key: "agent:main:chat:one" });
  await watch.waitFor("session.created");
  await t[Symbol.asyncDispose]();
  await watch.waitFor("The connection was lost; trying again …\n");
  watch.kill("SIGINT");
  expect((await watch.finished).code).toBe(130);
}, 60_000);
