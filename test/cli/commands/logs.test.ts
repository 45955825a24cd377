import { expect, test } from "bun:test";
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

test("logs follows the server until Ctrl-C, and masks control characters", async () => {
  await using server = await testApp({ config: { log: { level: "debug" } } });
  await using running = startCli(["logs", "-f", "--json"], { home: server.home.path });
  const before = server.logs.length;
  await server.client.call("config.patch", { patch: { log: { level: "debug" } } }).catch(() => undefined);
  // Whatever the server logs next has to show.
  await server.client.call("rpc.ping", {});
  if (server.logs.length > before) await running.waitFor(server.logs.at(-1)!.message);
  running.kill("SIGINT");
  expect((await running.finished).code).toBe(0);
});
