import { expect, test } from "bun:test";
import { runCli, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

test("stop ends the server of the home, and says when there is none", async () => {
  await using home = await testFolder();
  await using server = startCli(["serve", "--port", "0"], { home: home.path });
  await server.waitFor(/http:\/\/127\.0\.0\.1:\d+/);
  expect(await runCli(["stop"], { home: home.path })).toEqual({
    code: 0,
    stdout: "",
    stderr: "The server has ended\n",
  });
  expect((await server.finished).code).toBe(0);
  expect(await runCli(["stop", "--json"], { home: home.path })).toMatchObject({
    code: 69,
    stdout: expect.stringContaining("No server is running"),
  });
}, 60_000);
