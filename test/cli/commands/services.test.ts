import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";

test("services says that no plugin has one, and refuses one that there is not", async () => {
  await using t = await testApp();
  const run = (...words: string[]) => runCli(["services", ...words], { home: t.home.path });
  expect(await run()).toEqual({ code: 0, stdout: "", stderr: "No plugin has a service\n" });
  expect(await run("list", "--json")).toEqual({ code: 0, stdout: '{"services":[]}\n', stderr: "" });
  for (const word of ["show", "start", "stop"]) {
    expect(await run(word, "acme/watch")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No service "acme/watch"'),
    });
  }
});
