import { expect } from "bun:test";
import { browserTest } from "../../browser/page.ts";
import { testApp } from "../../support/app.ts";
import { html } from "../../support/browser-site.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

browserTest("the methods of a browser do what its tools do, in the session that they name", async () => {
  using site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      html(`<form action="/sent"><input name="q"><button>Go</button></form>${new URL(request.url).search}`),
  });
  const host = `127.0.0.1:${site.port}`;
  await using app = await testApp({ config: { tools: { browser: { allow_hosts: [host] } } } });
  const call = checked(app.client);
  expect(await call("browser.navigate", { url: `http://${host}/` })).toMatchObject({
    ok: true,
    result: expect.stringContaining('button "Go" [e'),
  });
  await call("browser.type", { selector: "input", text: "word" });
  expect(await call("browser.click", { selector: "button" })).toMatchObject({
    ok: true,
    result: expect.stringContaining("/sent?q=word"),
  });
  expect(await call("browser.evaluate", { script: "6 * 7" })).toMatchObject({
    result: expect.stringMatching(/Result: 42$/),
  });
  expect(await call("browser.snapshot", {})).toMatchObject({ ok: true, result: expect.stringContaining("?q=word") });
  const { media } = await call("browser.screenshot", { selector: "button" });
  expect(media).toMatchObject([{ type: "media", mime: "image/jpeg" }]);

  expect(await call("browser.click", { selector: "a", session_key: "agent:main:cron:other" })).toMatchObject({
    ok: false,
    result: expect.stringContaining("No page is open"),
  });
  const gateway = await refusal(() => call("browser.navigate", { url: `${app.url}/health` }));
  expect(gateway).toMatchObject({
    reason: "approval_denied",
    message: expect.stringContaining("is not on the public internet"),
  });
  expect(await call("browser.close", {})).toEqual({ ok: true, result: "The browser has ended" });
});
