/** The pages of config.toml and the doctor, and the search of the settings, in a real browser. */
import { expect } from "bun:test";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { testApp } from "../support/app.ts";
import { PHONE, text } from "./acts.ts";
import { browserTest, openPage, type Page } from "./page.ts";

async function open(page: Page, place: string, ready: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
  await page.until(`document.querySelector(${JSON.stringify(ready)})`);
}

async function press(page: Page, words: string): Promise<void> {
  const button = `[...document.querySelectorAll(".main :is(button, .segments label)")].find((one) => one.innerText === ${JSON.stringify(words)} && !one.disabled)`;
  await page.until(button, words);
  await page.evaluate(`${button}.click()`);
}

/** Further down than is in sight. */
async function unfold(page: Page, entry: string): Promise<void> {
  await page.evaluate(`document.querySelector("${entry}").open = true`);
  await page.until(`document.querySelector("${entry} .config-field")`);
}

const put = (page: Page, selector: string, value: string, event: "input" | "change") =>
  page.evaluate(`(() => {
    const field = document.querySelector(${JSON.stringify(selector)});
    field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("${event}", { bubbles: true }));
  })()`);

const TOML = '# mine\n[providers.openai]\napi_key = "sk-0123456789abcdefghij" # secret\n\n[log]\nlevel = "warn"\n';

browserTest(
  "a key is found by words and changed, only that is written, and the rest of the file stays",
  async (chromium) => {
    await using server = await testApp({ toml: TOML });
    using page = await openPage(chromium, PHONE);
    await page.logIn(server);
    await open(page, "config", "[data-entry=gateway]");
    await page.click(".search-form input");
    await page.type("nothing like it");
    await page.until("document.querySelector('.aside')?.innerText.includes('nothing like it')");
    await put(page, ".search-form input", "replies of the model", "input");
    await page.until("document.querySelectorAll('.config-field').length === 1");
    expect(await text(page, ".config-field")).toContain("Default: 50");
    await put(page, "[data-key='limits.run.steps'] input", "7", "change");
    await page.until("document.querySelector('.save-bar')?.innerText.startsWith('1 change')");
    await press(page, "Save");
    await page.until("!document.querySelector('.save-bar')");
    expect(readFileSync(server.home.config, "utf8")).toBe(`${TOML}\n[limits.run]\nsteps = 7\n`);
    await press(page, "Back to the default");
    await press(page, "Save");
    await page.until("!document.querySelector('.save-bar')");
    expect((await server.client.call("config.get", {})).file).not.toHaveProperty("limits.run.steps");
  },
);

browserTest(
  "what the server does not take stands beside its key, and what only an editor changes is shut",
  async (chromium) => {
    await using server = await testApp({ toml: TOML });
    using page = await openPage(chromium);
    await page.logIn(server);
    await open(page, "config", "[data-entry=heartbeat]");
    await unfold(page, "[data-entry=heartbeat]");
    await put(page, "[data-key='heartbeat.from'] input", "noon", "change");
    await press(page, "Save");
    await page.until(
      "document.querySelector(\"[data-key='heartbeat.from'] [role=alert]\")?.innerText.includes('08:30')",
    );
    expect(await page.evaluate("!!document.querySelector('.save-bar')")).toBe(true);
    await press(page, "Undo all");
    await unfold(page, "[data-entry=exec]");
    await page.until("document.querySelector(\"[data-key='exec.sandbox.enabled'] select\")?.disabled");
    await unfold(page, "[data-entry=gateway]");
    await page.until("document.querySelector(\"[data-key='gateway.port']\")?.innerText.includes('after a restart')");
    await unfold(page, "[data-entry=providers]");
    await page.until("document.querySelector(\"[data-key='providers.openai.api_key'] input\")?.value === '[masked]'");
  },
);

browserTest("what is no value stays where it was typed, and is not saved before it is one", async (chromium) => {
  await using server = await testApp({
    toml: '[providers.openai]\napi_key = "env:K"\nheaders = { a = "1", b = "2" }\n',
  });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "config", "[data-entry=providers]");
  await unfold(page, "[data-entry=providers]");
  const headers = "[data-key='providers.openai.headers'] textarea";
  await put(page, headers, '{"a":"1",', "change");
  await page.until("document.querySelector('.entry-body .failed')?.innerText === 'This is no JSON.'");
  expect(await page.evaluate<string>(`document.querySelector("${headers}").value`)).toBe('{"a":"1",');
  expect(await text(page, ".save-bar")).toContain("1 value cannot be read");
  expect(await page.evaluate("document.querySelector('.save-bar .primary').disabled")).toBe(true);
  await put(page, headers, '{"a":"[masked]"}', "change");
  await page.until("!document.querySelector('.entry-body .failed')");
  await press(page, "Save");
  await page.until("!document.querySelector('.save-bar')");
  expect((await server.client.call("config.get", {})).file.providers).toMatchObject({
    openai: { headers: { a: expect.any(String) } },
  });
  expect(readFileSync(server.home.config, "utf8")).not.toContain("b = ");
  expect(readFileSync(server.home.config, "utf8")).toContain('a = "1"');

  await put(page, "[data-key='providers.openai.timeout_ms'] input", "5", "change");
  await page.until("document.querySelector('.save-bar')");
  await page.evaluate(
    "(document.querySelector(\"[data-key='providers.openai.timeout_ms'] input\").focus(), document.activeElement.select())",
  );
  for (const key of ["7", "e", "Tab"]) await page.press(key);
  await page.until("document.querySelector('.entry-body .failed')?.innerText === 'This is no number.'");
  await press(page, "Undo all");
  await page.until("!document.querySelector('.entry-body .failed')");
});

browserTest("what is being typed stays when the configuration changes elsewhere", async (chromium) => {
  await using server = await testApp({ toml: TOML });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "config", "[data-entry=providers]");
  await unfold(page, "[data-entry=providers]");
  const field = "[data-key='providers.openai.timeout_ms'] input";
  await page.evaluate(`document.querySelector(${JSON.stringify(field)}).focus()`);
  await page.press("7");
  await server.client.call("config.patch", { patch: { providers: { openai: { idle_timeout_ms: 9000 } } } });
  await page.until("document.querySelector(\"[data-key='providers.openai.idle_timeout_ms'] input\")?.value === '9000'");
  await page.press("8");
  await page.press("Tab");
  await page.until("document.querySelector('.save-bar')");
  expect(await page.evaluate<string>(`document.querySelector(${JSON.stringify(field)}).value`)).toBe("78");
});

browserTest("the reason of a refusal is in sight beside the button", async (chromium) => {
  await using server = await testApp({ toml: TOML });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "config", "[data-entry=gateway]");
  await unfold(page, "[data-entry=gateway]");
  await put(page, "[data-key='gateway.max_payload'] input", "7", "change");
  await press(page, "Save");
  await page.until("document.querySelector('.trouble')");
  expect(
    await page.evaluate<boolean>("document.querySelector('.trouble').getBoundingClientRect().bottom <= innerHeight"),
  ).toBe(true);
});

browserTest("the text is checked while it is written, compared, and saved with its secrets", async (chromium) => {
  await using server = await testApp({ toml: TOML });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "config", "[data-entry=gateway]");
  await press(page, "Text");
  await page.until("document.querySelector('.config-source')?.value.includes('[masked]')");
  const shown = await page.evaluate<string>("document.querySelector('.config-source').value");
  expect(shown).toBe(TOML.replace("sk-0123456789abcdefghij", "[masked]"));
  await put(page, ".config-source", shown.replace('"warn"', '= "warn"'), "input");
  await page.until("document.querySelector('.issues .link')?.innerText.startsWith('Line 6, column')");
  await page.click(".issues .link");
  expect(await page.evaluate("document.activeElement.selectionStart")).toBeGreaterThan(shown.indexOf("level"));
  await put(page, ".config-source", shown.replace('"warn"', '"error"'), "input");
  await page.until("document.querySelector('.config-text [role=status]').innerText.includes('It would change: log')");
  await press(page, "Compare and save");
  await page.until("document.querySelector('.diff ins')");
  expect([await text(page, ".diff del"), await text(page, ".diff ins")]).toEqual([
    'level = "warn"\n',
    'level = "error"\n',
  ]);
  await press(page, "Save");
  await page.until("document.querySelector('.config-text [role=status]').innerText.includes('Saved')");
  expect(readFileSync(server.home.config, "utf8")).toBe(TOML.replace('"warn"', '"error"'));
  expect(page.complaints).toEqual([]);
});

browserTest("who changes the file elsewhere is not overwritten", async (chromium) => {
  await using server = await testApp({ toml: TOML });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "config", "[data-entry=gateway]");
  await press(page, "Text");
  await page.until("document.querySelector('.config-source')");
  await put(page, ".config-source", '[log]\nlevel = "info"\n', "input");
  await server.client.call("config.patch", { patch: { log: { level: "error" } } });
  await page.until("document.querySelector('.line.warn')?.innerText.includes('changed elsewhere')");
  await press(page, "Compare and save");
  await press(page, "Save");
  await page.until("document.querySelector('.trouble')?.innerText.includes('changed meanwhile')");
  expect(readFileSync(server.home.config, "utf8")).toBe(TOML.replace('"warn"', '"error"'));
  await press(page, "Read it again");
  await page.until("document.querySelector('.config-source').value.includes('\"error\"')");
});

browserTest("the doctor says what is wrong and mends what is safe", async (chromium) => {
  await using server = await testApp();
  chmodSync(server.home.path, 0o755);
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "doctor", ".finding");
  expect(await text(page, ".finding")).toContain("can be read by other users");
  await press(page, "Close the folder");
  await page.until("![...document.querySelectorAll('.finding')].some((one) => one.innerText.includes('other users'))");
  expect(statSync(server.home.path).mode & 0o777).toBe(0o700);
  writeFileSync(server.home.config, "[log]\nlevl = 1\n", { mode: 0o600 });
  await press(page, "Look again");
  await page.until("document.querySelector('.finding[data-status=fail]')?.innerText.includes('line 2, log.levl')");
});

browserTest("settings are found by words, and lead to their page", async (chromium) => {
  await using server = await testApp();
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "settings", ".place");
  await page.click(".search-form input");
  await page.type("keys");
  await page.until("document.querySelectorAll('.place').length === 1");
  await page.click(".place");
  await page.until("document.querySelector('.tabs [aria-current]')?.innerText === 'Models and keys'");
  await open(page, "settings", ".place");
  await page.click(".search-form input");
  await page.type("zzz");
  await page.until("document.querySelector('.settings .aside')?.innerText.includes('zzz')");
});
