import { expect, test } from "bun:test";
import { browserTest } from "../../browser/page.ts";
import { testApp } from "../../support/app.ts";
import { html } from "../../support/browser-site.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

browserTest("browser drives the session's page by hand", async () => {
  using site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      html(`<form action="/sent"><input name="q"><button>Go</button></form>${new URL(request.url).search}`),
  });
  const host = `127.0.0.1:${site.port}`;
  await using app = await testApp({ config: { tools: { browser: { allow_hosts: [host] } } } });
  const run = (...words: string[]) => runCli(["browser", ...words], { home: app.home.path });
  expect(await run("open", `http://${host}/`)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('button "Go"'),
  });
  expect((await run("type", "input", "two", "words")).code).toBe(0);
  expect((await run("click", "button")).stdout).toContain("/sent?q=two+words");
  expect((await run("evaluate", "6 * 7")).stdout).toContain("Result: 42");
  expect((await run("show")).stdout).toContain("?q=two+words");
  expect((await run("screenshot", "button")).stderr).toMatch(/^File .* \(image\/jpeg\): media_/);
  expect(await run("close")).toMatchObject({ code: 0, stdout: "The browser has ended\n" });
  expect(await run("click", "button")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("No page is open"),
  });
});

test("browser needs a server: one of the command's own would be gone with it", async () => {
  await using home = await testFolder();
  expect(await runCli(["browser", "show"], { home: home.path })).toMatchObject({ code: 69, stdout: "" });
});
