/** The pages about the server, models, agents, nodes and logs, in a real browser. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { conversation } from "../support/conversation.ts";
import { startNode } from "../support/node.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { PHONE, text } from "./acts.ts";
import { browserTest, openPage, type Page } from "./page.ts";

async function open(page: Page, place: string, ready: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
  await page.until(`document.querySelector(${JSON.stringify(ready)})`);
}

/** The button whose words these are, in what `within` names. */
async function press(page: Page, words: string, within = ".main"): Promise<void> {
  const button = `[...document.querySelectorAll(${JSON.stringify(`${within} :is(button, summary .button)`)})].find((one) => one.innerText === ${JSON.stringify(words)} && !one.disabled)`;
  await page.until(button, words);
  await page.evaluate(`${button}.click()`);
}

async function fill(page: Page, selector: string, words: string): Promise<void> {
  const field = `document.querySelector(${JSON.stringify(selector)})`;
  // It may be further down than is in sight.
  await page.evaluate(`(${field}.focus(), ${field}.select())`);
  await page.type(words);
}

const choose = (page: Page, selector: string, value: string) =>
  page.evaluate(`(() => {
    const field = document.querySelector(${JSON.stringify(selector)});
    field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("change", { bubbles: true }));
  })()`);

/** The form for another one that speaks OpenAI's protocol, filled but for its key. */
async function beginProvider(page: Page, address: string, name: string): Promise<void> {
  await open(page, "models", ".install");
  await press(page, "Add a provider");
  await page.until("document.querySelector('.form')");
  await choose(page, ".form select", "openai-compatible");
  await page.until("document.querySelector('.form [name=address]').required");
  await fill(page, ".form [name=address]", address);
  await fill(page, ".form [name=name]", name);
}

browserTest("a provider is added once it has answered, tested, and removed with its key", async (chromium) => {
  await using fake = startOpenAiFake({ key: "sk-right" });
  await using server = await testApp();
  using page = await openPage(chromium);
  await page.logIn(server);
  await beginProvider(page, fake.url, "mine");
  await fill(page, ".form [name=key]", "sk-wrong");
  await press(page, "Test and save");
  await page.until("document.querySelector('.form .trial.failed')");
  expect(await text(page, ".form .trial")).toContain("Check the key");
  expect(existsSync(server.home.config)).toBe(false);

  fake.reply("ok", "ok");
  await fill(page, ".form [name=key]", "sk-right");
  await press(page, "Test and save");
  await page.until("!document.querySelector('.form') && document.querySelector('[data-entry=mine]')");
  expect(readFileSync(join(server.home.credentials, "mine"), "utf8")).toBe("sk-right\n");
  expect(await text(page, "[data-entry=mine] summary")).toContain("answers");
  await page.click("[data-entry=mine] summary");
  await page.until("document.querySelector('[data-entry=mine] .approval-answers')");
  expect(await text(page, "[data-entry=mine] .fact-list")).toContain("file credentials/mine");
  expect(await page.evaluate<string>("document.body.innerText")).not.toContain("sk-right");
  expect(await page.evaluate("document.querySelector('.setting [name=model]').value")).toStartWith("mine/");
  await press(page, "Test", "[data-entry=mine]");
  await page.until("document.querySelector('[data-entry=mine] .trial.ok')");

  await press(page, "Remove", "[data-entry=mine]");
  await page.until("document.querySelector('dialog[open]')");
  await press(page, "Remove", "dialog");
  await page.until("!document.querySelector('[data-entry=mine]')");
  expect(existsSync(join(server.home.credentials, "mine"))).toBe(false);
  expect(page.complaints).toEqual([]);
});

browserTest("a provider that is added takes the place of no other", async (chromium) => {
  await using old = startOpenAiFake({ key: "sk-old" });
  await using other = startOpenAiFake();
  other.reply("ok");
  const toml = `[providers.local]\ntype = "openai-compatible"\nbase_url = "${old.url}"\napi_key = "sk-old"\n`;
  await using server = await testApp({ toml });
  using page = await openPage(chromium);
  await page.logIn(server);
  await beginProvider(page, other.url, "local");
  await press(page, "Test and save");
  expect(await page.evaluate<string>("document.querySelector('.form [name=name]').validationMessage")).toBe(
    "A provider has this name: change it in its row.",
  );
  await page.evaluate("document.querySelector('.form [name=name]').select()");
  await page.press("Backspace");
  await press(page, "Test and save");
  await page.until("!document.querySelector('.form') && document.querySelector('[data-entry=local-2]')");
  expect(other.requests.map(({ headers }) => headers.get("authorization"))).not.toContain("Bearer sk-old");
  expect(readFileSync(server.home.config, "utf8")).toStartWith(toml);
});

browserTest("the order of models is changed, and a provider that rests says for how long", async (chromium) => {
  await using server = await conversation({ config: { models: { default: "fake/m" } } });
  using page = await openPage(chromium, PHONE);
  await page.logIn(server);
  await open(page, "models", ".setting [name=model]");
  for (const model of ["fake/one", "fake/two"]) {
    await fill(page, ".setting-acts > [aria-label='Another model']", model);
    await press(page, "Add");
    await page.until(`[...document.querySelectorAll(".fallbacks code")].some((one) => one.innerText === "${model}")`);
    await page.until("document.querySelector(\".setting-acts > [aria-label='Another model']\").value === ''");
  }
  await page.click("[aria-label='Ask fake/two earlier']");
  await page.until("document.querySelector('.fallbacks code').innerText === 'fake/two'");
  await page.click("[aria-label='Remove fake/one']");
  await page.until("document.querySelectorAll('.fallbacks li').length === 1");
  expect((await server.client.call("models.config", {})).fallbacks).toEqual(["fake/two"]);

  for (let count = 0; count < 2; count++) {
    server.fake.reply(
      { status: 500, message: "down" },
      { status: 500, message: "down" },
      { status: 500, message: "down" },
    );
    await server.client.call("session.send", { message: "hello" }).catch(() => "it is down");
  }
  await page.until(
    "document.querySelector('[data-entry=fake] .entry-state.danger')?.innerText.startsWith('left alone for')",
  );
});

browserTest("an agent is made, shows what its model is told, and is removed", async (chromium) => {
  await using server = await conversation();
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "agents", "[data-entry=main]");
  await press(page, "New agent");
  await page.until("document.querySelector('.form')");
  await fill(page, ".form [name=agent]", "writer");
  await fill(page, ".form [name=description]", "writes letters");
  await choose(page, ".form [name=may]", "some");
  await page.until("document.querySelector('.form [name=allow]')");
  await fill(page, ".form [name=allow]", "read, write");
  await fill(page, ".form [name=prompt]", "Be brief.");
  await press(page, "Make it");
  await page.until("document.querySelector('[data-entry=writer]')");
  const { agents } = await server.client.call("agent.list", {});
  expect(agents.find(({ agent }) => agent === "writer")).toMatchObject({
    from: "config",
    description: "writes letters",
    allow: ["read", "write"],
    prompt: "Be brief.",
  });
  await page.click("[data-entry=writer] summary");
  await press(page, "Show what its model is told", "[data-entry=writer]");
  await page.until("document.querySelector('[data-entry=writer] .piece .same')");
  await press(page, "Change", "[data-entry=writer]");
  await page.until("document.querySelector('[data-entry=writer] .form')");
  await fill(page, "[data-entry=writer] .form [name=allow]", "read");
  await press(page, "Save", "[data-entry=writer]");
  await page.until("document.querySelector('[data-entry=writer] .fact-list').innerText.match(/Tools\\s+read\\n/)");
  await press(page, "Remove", "[data-entry=writer]");
  await page.until("document.querySelector('dialog[open]')");
  await press(page, "Remove", "dialog");
  await page.until("!document.querySelector('[data-entry=writer]')");
  expect(page.complaints).toEqual([]);
});

browserTest("an agent of which one thing is changed keeps the others", async (chromium) => {
  const writer = { description: "writes", thinking: "high", model: "fake/m", workspace: "work/workspaces/writer" };
  await using server = await conversation();
  await server.client.call("config.patch", { patch: { agents: { writer, plain: { thinking: "low" } } } });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "agents", "[data-entry=writer]");
  for (const name of ["writer", "plain"]) {
    const row = `[data-entry=${name}]`;
    await page.click(`${row} summary`);
    await press(page, "Change", row);
    await page.until(`document.querySelector('${row} .form')`);
    await fill(page, `${row} .form [name=description]`, "other words");
    await press(page, "Save", row);
    await page.until(`!document.querySelector('${row} .form')`);
    await page.click(`${row} summary`);
  }
  const workspace = join(server.home.path, writer.workspace);
  expect((await server.client.call("config.get", {})).file.agents).toEqual({
    writer: { ...writer, description: "other words", workspace },
    plain: { thinking: "low", description: "other words" },
  });
});

browserTest("an agent that is made takes the place of no other", async (chromium) => {
  await using server = await conversation();
  const writer = { description: "writes", prompt: "Be brief." };
  await server.client.call("config.patch", { patch: { agents: { writer } } });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "agents", "[data-entry=writer]");
  await press(page, "New agent");
  await page.until("document.querySelector('.form')");
  await fill(page, ".form [name=agent]", "writer");
  await press(page, "Make it");
  expect(await page.evaluate<string>("document.querySelector('.form [name=agent]').validationMessage")).toBe(
    "An agent has this name: change it in its row.",
  );
  expect((await server.client.call("config.get", {})).file.agents).toEqual({ writer });
});

browserTest("who works with the keyboard is not sent back to the top by what closes", async (chromium) => {
  await using server = await conversation();
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "models", ".install summary");
  await page.evaluate("document.querySelector('.install summary').focus()");
  await page.press("Enter");
  await page.until("document.querySelector('.form')");
  await page.evaluate("[...document.querySelectorAll('.form button')].at(-1).focus()");
  await page.press("Enter");
  await page.until("!document.querySelector('.form')");
  expect(await page.evaluate<string>("document.activeElement.innerText")).toBe("Add a provider");

  await server.client.call("auth.tokens.create", { name: "old", scopes: ["read"] });
  await open(page, "devices", "[data-entry^=tok] summary");
  await page.click("[data-entry^=tok] summary");
  await page.until("document.querySelector('.entry .danger')");
  await page.evaluate("document.querySelector('.entry .danger').focus()");
  await page.press("Enter");
  await page.until("document.querySelector('dialog[open]')");
  await page.press("Tab");
  await page.press("Enter");
  await page.until("!document.querySelector('[data-entry^=tok]') && document.activeElement.matches('.main')");
});

browserTest("a field that takes certain letters alone says which", async (chromium) => {
  await using server = await conversation();
  using page = await openPage(chromium);
  await page.logIn(server);
  const fields: string[] = [];
  const look = async () => {
    fields.push(
      ...(await page.evaluate<string[]>("[...document.querySelectorAll('[pattern]')].map((one) => one.title)")),
    );
  };
  for (const place of ["models", "agents"]) {
    await open(page, place, ".install summary");
    await page.click(".install summary");
    await page.until("document.querySelector('.form')");
    await look();
  }
  await open(page, "devices", ".section-head .button");
  await press(page, "New token");
  await page.until("document.querySelector('dialog[open]')");
  await look();
  expect(fields).toEqual([
    "Letters from a to z, digits, and . _ - behind the first",
    "Letters from a to z, digits, and . _ - behind the first",
    "Letters from a to z, digits and signs of a plain keyboard",
  ]);
});

browserTest("a node is let in, answers a test, and is revoked", async (chromium) => {
  await using server = await conversation();
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "nodes", ".secret-text");
  expect(await text(page, ".secret-text")).toBe(`aleph-server node --center ${server.url}`);
  await using node = await startNode({ port: Number(new URL(server.url).port), name: "builder", tags: ["linux"] });
  node.ended.catch(() => "it is revoked below");
  await press(page, "Let in");
  const state = "document.querySelector('.entry summary .entry-state')?.innerText";
  await page.until(`${state} === 'there'`);
  await page.click(".entry summary");
  await page.until("document.querySelector('.entry .fact-list')?.innerText.includes('linux')");
  await press(page, "Test it", ".entry");
  await page.until("document.querySelector('.entry .exactly')");
  expect(await text(page, ".entry .exactly")).toContain(process.platform);
  await page.until("document.querySelector('.entry .job-runs')?.innerText.includes('system.info')");
  await press(page, "Revoke", ".entry");
  await page.until("document.querySelector('dialog[open]')");
  await press(page, "Revoke", "dialog");
  await page.until("!document.querySelector('.entry')");
  expect(page.complaints).toEqual([]);
});

browserTest("the log is followed, filtered, held still and gone on with", async (chromium) => {
  await using server = await conversation({ config: { log: { level: "debug" } } });
  using page = await openPage(chromium);
  await page.logIn(server);
  await open(page, "logs", ".log-line");
  await page.evaluate("document.querySelector('.logs-text').focus()");
  await page.type("no such line");
  await page.until("document.querySelector('.middle[role=status]')?.innerText.startsWith('None of the')");
  await page.evaluate("document.querySelector('.logs-text').select()");
  await page.press("Backspace");
  await page.until("document.querySelector('.log-line')");
  await choose(page, ".logs-level select", "debug");
  await press(page, "Hold still");
  await page.until("document.querySelector('[aria-pressed=true]')");
  const shown = "document.querySelector('.logs-count').innerText";
  const held = (await page.evaluate<string>(shown)).split(" ")[0];
  await server.client.call("config.patch", { patch: { heartbeat: { from: "07:00" } } });
  await server.client.call("config.reload", {});
  await Bun.write(server.home.config, "not toml");
  await page.until(`${shown}.includes('since it holds still')`);
  expect((await page.evaluate<string>(shown)).split(" ")[0]).toBe(held!);
  await press(page, "Go on");
  await page.until(`!${shown}.includes('since') && Number(${shown}.split(" ")[0]) > ${held}`);
  await choose(page, ".logs-level select", "warn");
  await page.until("[...document.querySelectorAll('.log-line')].every((one) => one.matches('.is-warn, .is-error'))");
});
