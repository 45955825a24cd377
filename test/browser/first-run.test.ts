/** The first run in a real browser: from a server without a model to an answered message. */
import { describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestApp, testApp } from "../support/app.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { PHONE } from "./acts.ts";
import { complaintsOf } from "./axe.ts";
import { browserTest, openPage, type Page } from "./page.ts";

/** As soon as it is there. */
const press = (page: Page, selector: string) =>
  page.until(
    `(() => { const found = document.querySelector(${JSON.stringify(selector)}); found?.click(); return found !== null; })()`,
    selector,
  );

async function toDetails(page: Page, server: TestApp, address: string): Promise<void> {
  await page.logIn(server);
  await press(page, ".empty a[href='#/setup']");
  await press(page, "[data-kind=openai-compatible]");
  await page.until("document.querySelector('[name=address]')");
  await page.click("[name=address]");
  await page.type(address);
}

const heading = (page: Page, words: string) =>
  page.until(`document.querySelector('.setup h2')?.innerText === ${JSON.stringify(words)}`, words);
const config = ({ home }: TestApp) => {
  const path = join(home.path, "config.toml");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

describe("the first run", () => {
  for (const [where, shape] of Object.entries({ "a desk": undefined, "a phone": PHONE })) {
    browserTest(`goes from nothing to an answered message on ${where}`, async (chromium) => {
      await using server = await testApp();
      await using fake = startOpenAiFake({ models: ["quill-large", "quill-small"] });
      fake.reply("Yes", "Here", "Hello to you");
      using page = await openPage(chromium, shape);
      await toDetails(page, server, fake.url);
      await page.click("[name=key]");
      await page.type("sk-the-key");
      expect(await complaintsOf(page)).toEqual([]);
      await page.press("Enter");
      await heading(page, "Which model?");
      await page.until("document.querySelector('.setup-ok')?.innerText.includes('answered')");
      expect(config(server)).not.toContain("openai-compatible");
      await press(page, "[value=quill-small]");
      await page.until("document.querySelector('[value=quill-small]').checked");
      expect(await complaintsOf(page)).toEqual([]);
      await page.click(".setup .button.primary");
      await heading(page, "Ready");
      expect(config(server)).toContain('default = "local/quill-small"');
      expect(config(server)).not.toContain("sk-the-key");
      expect(readFileSync(join(server.home.credentials, "local"), "utf8").trim()).toBe("sk-the-key");
      expect(await page.evaluate("document.body.innerHTML.includes('sk-the-key')")).toBe(false);
      await page.click(".setup-next .button.primary");
      await page.until("document.querySelector('.composer')");
      await page.click("#composer");
      await page.type("Hello");
      await page.click(".send");
      await page.until("document.querySelector('.answer')?.innerText.includes('Hello to you')");
      expect(fake.requests.at(-1)!.headers.get("authorization")).toBe("Bearer sk-the-key");
      expect(fake.requests.at(-1)!.body.model).toBe("quill-small");
      expect(page.complaints).toEqual([]);
    });
  }

  browserTest("says why a provider does not answer, writes nothing, and takes another key", async (chromium) => {
    await using server = await testApp();
    await using fake = startOpenAiFake({ models: ["quill"] });
    fake.answer(({ headers }) =>
      headers.get("authorization") === "Bearer right" ? "Yes" : { status: 401, message: "wrong key" },
    );
    using page = await openPage(chromium);
    await toDetails(page, server, fake.url);
    await page.click("[name=key]");
    await page.type("wrong");
    await page.press("Enter");
    await page.until("document.querySelector('.setup .ending.failed')");
    expect(await page.evaluate<string>("document.querySelector('.setup .ending.failed').innerText")).toContain(
      "Check the key",
    );
    expect(config(server)).not.toContain("providers");
    await page.evaluate("document.querySelector('[name=key]').select()");
    await page.type("right");
    await page.press("Enter");
    await heading(page, "Which model?");
  });

  browserTest("takes the demo without writing anything, and can go back", async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium);
    await toDetails(page, server, "https://example.com/v1");
    await page.click(".setup .dialog-acts .button");
    await press(page, "[data-kind=demo]");
    await heading(page, "Ready");
    expect(await page.evaluate<string>("document.querySelector('.setup').innerText")).toContain("follows a script");
    expect(config(server)).not.toContain("demo");
  });
});
