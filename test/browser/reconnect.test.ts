/** What was opened while there was no connection, in a real browser: it comes by itself with the next connect. */
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
