import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { testApp } from "../../support/app.ts";
import { runCli, startCli } from "../../support/cli.ts";

test("logs shows the newest lines of the server", async () => {
  await using server = await testApp({ config: { log: { level: "debug" } } });
  const home = server.home.path;
  await server.client.call("config.patch", { patch: { models: { fallbacks: ["demo/demo"] } } });
  const { entries } = await server.client.call("logs.tail", {});
  const json = await runCli(["logs", "--json", "-n", "2000"], { home });
  expect(json.code).toBe(0);
  const lines = json.stdout
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).message);
  expect(lines.slice(0, entries.length)).toEqual(entries.map(({ message }) => message));
  const human = await runCli(["logs", "--level", "error"], { home });
  expect(human).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await runCli(["logs", "-n", "0"], { home })).code).toBe(2);
});

test("logs follows the server until Ctrl-C", async () => {
  await using server = await testApp();
  await using running = startCli(["logs", "-f"], { home: server.home.path });
  // The line that it logs now comes after the first look, or with it.
  writeFileSync(server.home.config, "[gateway]\nprot = 1\n");
  const shown = await running.waitFor("config not reloaded, the old one stays");
  expect(shown).toMatch(/^\d\d:\d\d:\d\d warn {2}config not reloaded/m);
  running.kill("SIGINT");
  expect((await running.finished).code).toBe(130);
});

test("logs that are followed end with code 69 when the server does", async () => {
  await using server = await testApp();
  await using running = startCli(["logs", "-f"], { home: server.home.path });
  writeFileSync(server.home.config, "[gateway]\nprot = 1\n");
  await running.waitFor("config not reloaded");
  await server.app[Symbol.asyncDispose]();
  const { code, stderr } = await running.finished;
  expect({ code, stderr }).toEqual({
    code: 69,
    stderr: `Error: The server at ${server.url} closed the connection\nSee whether it runs: aleph status\n`,
  });
});
