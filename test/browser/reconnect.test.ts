/** What a page could not have at first, in a real browser: it comes with the next connect, or when it is asked for again. */
import { expect } from "bun:test";
import { conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { joinNode } from "../support/node.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { browserTest, openPage } from "./page.ts";

browserTest("what could not be had without a connection comes with the next one", async (chromium) => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  const first = await conversation({ home: folder.path, fake });
  const port = Number(new URL(first.url).port);
  {
    await using node = await joinNode(first.client, { port, name: "builder" });
    node.ended.catch(() => "the server ends below");
  }
  using page = await openPage(chromium);
  await page.logIn(first);
  await page.evaluate("location.hash = '#/nodes'");
  await page.until("document.querySelector('.entry')");
  await first[Symbol.asyncDispose]();
  await page.until("document.querySelector('[data-link=lost]')");
  await page.evaluate("document.querySelector('.entry summary').click()");
  await page.until("document.querySelector('.entry .trouble')");

  await using _second = await conversation({ home: folder.path, fake, config: { gateway: { port } } });
  await page.until("document.querySelector('[data-link=connected]') && !document.querySelector('.trouble')");

  await page.open("about:blank");
  await page.open(`${first.url}/#/search/nobody`);
  await page.until("document.querySelector('[role=status].meta')?.innerText.includes('No message has these words')");
  expect(await page.evaluate("document.querySelector('.ending')")).toBeNull();
});

browserTest("trying again says that it tries, for as long as that takes", async (chromium) => {
  await using server = await conversation();
  using page = await openPage(chromium);
  await page.logIn(server);
  await page.evaluate(`(() => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
      if (JSON.parse(data).method === "node.list") window.held = { data, socket: this, send };
      else send.call(this, data);
    };
    location.hash = "#/nodes";
  })()`);
  const error = { code: -32000, message: "Too much at once", data: { reason: "overloaded" } };
  await page.until("window.held");
  await page.evaluate(`(() => {
    const { id } = JSON.parse(held.data);
    const data = JSON.stringify({ jsonrpc: "2.0", id, error: ${JSON.stringify(error)} });
    held.socket.dispatchEvent(new MessageEvent("message", { data }));
    delete window.held;
  })()`);
  const button = "document.querySelector('.ending.failed .button')";
  await page.until(button);
  await page.evaluate(`${button}.focus()`);
  await page.press("Enter");
  await page.until(`window.held && ${button}?.innerText === "Trying…"`);
  expect(await page.evaluate(`document.activeElement === ${button}`)).toBe(true);
  await page.evaluate("held.send.call(held.socket, held.data)");
  await page.until(`!${button} && document.querySelector(".secret-text")`);
});
