/** The commands of plugins in the composer of a real browser. */
import { expect } from "bun:test";
import { testApp } from "../support/app.ts";
import { approvedCode, approvedPlugin } from "../support/approved-plugin.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage } from "./page.ts";

const COMMANDS = ["ping", "pick", "status"]
  .map((name) => `[[commands]]\nname = "${name}"\ndescription = "The ${name} of it"\nhandler = "on_${name}"\n`)
  .join("\n");
const CODE = `
  import { createServer } from "@aleph/plugin-sdk";
  createServer({ name: "tools", commands: { ping: ({ text }) => "**pong** " + text } }).start();
`;

browserTest("a slash lists the commands, which keys and clicks choose, and Enter runs one", async (chromium) => {
  await using server = await testApp();
  await approvedCode(server, "tools", { manifest: COMMANDS, code: CODE });
  using page = await openPage(chromium);
  await page.logIn(server);
  const field = () => page.evaluate<string>("document.querySelector('#composer').value");
  const shown = () =>
    page.evaluate<string[]>("[...document.querySelectorAll('.slash [role=option]')].map((one) => one.innerText)");
  const chosen = () =>
    page.evaluate<string>(
      "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('b').innerText ?? ''",
    );
  await page.click("#composer");
  await page.type("/");
  await page.until("document.querySelectorAll('.slash [role=option]').length > 3");
  // Behind Aleph's own; of two with the same name both can be called.
  expect((await shown()).slice(-3)).toEqual([
    "/ping The ping of it",
    "/pick The pick of it",
    "/tools:status The status of it",
  ]);
  expect(await shown()).toContain("/stop Stop what runs in this conversation, and what waits");
  expect(await complaintsOf(page, "document.querySelector('.composer')")).toEqual([]);

  // Escape closes it for this text; another letter opens it again, with what is left.
  await page.press("Escape");
  await page.until("!document.querySelector('.slash')");
  await page.type("pi");
  await page.until("document.querySelectorAll('.slash [role=option]').length === 2");
  expect(await chosen()).toBe("/ping");
  await page.press("ArrowDown");
  await page.until("document.querySelectorAll('.slash [role=option]')[1].getAttribute('aria-selected') === 'true'");
  expect(await chosen()).toBe("/pick");
  await page.press("ArrowUp");
  await page.until("document.querySelectorAll('.slash [role=option]')[0].getAttribute('aria-selected') === 'true'");
  await page.press("Enter");
  await page.until("document.querySelector('#composer').value === '/ping '");
  await page.until("!document.querySelector('.slash')");
  await page.type("me");
  await page.press("Enter");
  await page.until("document.querySelector('.answer .prose strong')?.innerText === 'pong'");
  expect(await field()).toBe("");

  // With the whole word there Enter sends, list or not.
  await page.type("/status");
  await page.press("Enter");
  await page.until("document.querySelectorAll('.answer').length === 2");

  await page.click("#composer");
  await page.type("/pic");
  await page.click(".slash [role=option]");
  await page.until("document.querySelector('#composer').value === '/pick '");
  expect(await page.evaluate("document.activeElement.id")).toBe("composer");

  // A plugin that comes later is in the list at once.
  await approvedPlugin(server, "haiku", { scope: "standalone", prompt: "Answer with a haiku." });
  await page.evaluate("document.querySelector('#composer').select()");
  await page.type("/h");
  await page.until("document.querySelector('.slash')?.innerText.includes('/haiku')");
  expect(page.complaints).toEqual([]);
});
