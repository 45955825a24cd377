import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { conversation } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";

test("status without a server is exit code 69 and says how to start one", async () => {
  await using home = await testFolder();
  expect(await runCli(["status"], { home: home.path })).toEqual({
    code: 69,
    stdout: `No server is running for ${home.path}\n`,
    stderr: "Start it with: aleph serve\n",
  });
  const json = await runCli(["status", "--json"], { home: home.path });
  expect({ code: json.code, status: JSON.parse(json.stdout) }).toEqual({
    code: 69,
    status: { running: false, home: home.path },
  });
});

test("status tells where the server is and how it does", async () => {
  await using server = await conversation();
  const more = Promise.withResolvers<void>();
  server.fake.reply([{ wait: more.promise }, "Done"]);
  await server.client.call("agent.run", { message: "Hi" });
  await server.fake.received(1);
  const home = server.home.path;
  const { code, stdout } = await runCli(["status"], { home });
  expect(code).toBe(0);
  expect(stdout).toStartWith(`● Aleph `);
  expect(stdout).toContain(`is running at ${server.url}\n`);
  for (const fact of [
    `home         ${home}`,
    `pid          ${process.pid}`,
    "model        fake/m",
    "runs         1 active, 0 queued",
  ]) {
    expect(stdout).toContain(`${fact}\n`);
  }
  const json = JSON.parse((await runCli(["status", "--json"], { home })).stdout);
  expect(json).toMatchObject({
    running: true,
    url: server.url,
    home,
    pid: process.pid,
    runs_active: 1,
    default_model: "fake/m",
  });
  more.resolve();
});
