/** What can be done with a conversation that is there: files, diffs, asking again, another way, the queue. */
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { type Conversation, conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { PHONE, say, sessionOf } from "./acts.ts";
import { browserTest, openPage, type Page, type Shape } from "./page.ts";

/** One red point. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

interface Visit extends AsyncDisposable {
  readonly server: Conversation;
  readonly page: Page;
}

async function visit(chromium: string, shape?: Shape): Promise<Visit> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await conversation());
  const page = stack.use(await openPage(chromium, shape));
  await page.logIn(server);
  const owned = stack.move();
  return { server, page, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const answers = (page: Page, count: number) =>
  page.until(`document.querySelectorAll('.answer .facts').length === ${count}`, `${count} answers`);
const shown = (page: Page) => page.evaluate<string>("document.querySelector('.scroller')?.innerText ?? ''");
const press = (page: Page, label: string, at = 0) =>
  page.evaluate(`document.querySelectorAll('[aria-label=${JSON.stringify(label)}]')[${at}].click()`);
const texts = async ({ client }: Conversation, session_key: string) =>
  (await client.call("session.history", { session_key })).messages.map(({ content }) => content);

describe("a message", () => {
  browserTest("is edited and sent again; what came behind it is kept elsewhere", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply("Four", "Five");
    await say(page, "Two and two?");
    await answers(page, 1);
    await press(page, "Edit and send again");
    await page.until("document.activeElement.closest('.edit-form')");
    await page.evaluate("document.activeElement.select()");
    await page.type("Two and three?");
    await page.press("Enter", ["Control"]);
    await page.until("document.querySelector('.answer')?.innerText.includes('Five')");
    const key = await sessionOf(page);
    expect(await texts(server, key)).toEqual(["Two and three?", "Five"]);
    expect(await shown(page)).not.toContain("Four");
    await page.click(".kept a");
    await page.until("document.querySelector('.answer')?.innerText.includes('Four')");
    expect(await texts(server, await sessionOf(page))).toEqual(["Two and two?", "Four"]);
    expect(page.complaints).toEqual([]);
  });

  browserTest("that is being edited is left as it was with Escape", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply("Four");
    await say(page, "Two and two?");
    await answers(page, 1);
    await press(page, "Edit and send again");
    await page.until("document.activeElement.closest('.edit-form')");
    await page.press("Escape");
    await page.until("!document.querySelector('.edit-form') && document.activeElement.id === 'composer'");
    expect(await texts(server, await sessionOf(page))).toEqual(["Two and two?", "Four"]);
  });

  browserTest("is deleted with all behind it, and no copy stays", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply("One", "Two");
    await say(page, "First");
    await answers(page, 1);
    await say(page, "Second");
    await answers(page, 2);
    await press(page, "Delete from here on", 1);
    await page.click("dialog .button.danger");
    await page.until("document.querySelectorAll('.said').length === 1");
    expect(await texts(server, await sessionOf(page))).toEqual(["First", "One"]);
    expect((await server.client.call("session.list", {})).sessions).toHaveLength(1);
  });

  browserTest("carries a picture that is seen, also when it is asked again", async (chromium) => {
    await using folder = await testFolder();
    await Bun.write(join(folder.path, "red.png"), Buffer.from(PNG, "base64"));
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply("A point", "Still a point");
    await page.evaluate(`(async () => {
      const bytes = Uint8Array.from(atob(${JSON.stringify(PNG)}), (letter) => letter.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "red.png", { type: "image/png" }));
      document.querySelector(".page").dispatchEvent(new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true }));
      document.querySelector(".page").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    })()`);
    await page.until("document.querySelector('.composer .card img')");
    await say(page, "What is it?");
    await answers(page, 1);
    await page.until("document.querySelector('.said .picture img')?.naturalWidth === 1", "the picture");
    await press(page, "Ask again");
    await page.until("document.querySelector('.answer')?.innerText.includes('Still a point')");
    await page.until("document.querySelector('.said .picture img')?.naturalWidth === 1", "the picture again");
    const { messages } = await server.client.call("session.history", { session_key: await sessionOf(page) });
    expect(messages.map(({ parts }) => parts.map(({ type }) => type))).toEqual([["media", "text"], ["text"]]);
    expect(page.complaints).toEqual([]);
  });

  browserTest("that waits is taken back to where it was written, or goes into the answer", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    const held = Promise.withResolvers<void>();
    server.fake.answer(async () => {
      await held.promise;
      return "Done";
    });
    await say(page, "Begin");
    await page.until("document.querySelector('#stop')");
    await say(page, "taken back");
    await page.until("document.querySelector('.said.queued')");
    await page.evaluate("document.querySelectorAll('.queued-acts .link')[1].click()");
    await page.until("document.querySelector('#composer').value === 'taken back'");
    await page.evaluate("document.querySelector('#composer').select()");
    await say(page, "added");
    await page.until("document.querySelector('.said.queued')");
    // Not by its place: what was taken back may move it in this moment.
    await page.evaluate("document.querySelector('.queued-acts .link').click()");
    await page.until("document.querySelector('.added')?.innerText.includes('added')");
    held.resolve();
    await page.until("!document.querySelector('#stop')");
    const { runs } = await server.client.call("runs.list", {});
    expect(runs.map(({ status }) => status).toSorted()).toEqual(["cancelled", "cancelled", "completed"]);
  });
});

describe("an answer", () => {
  browserTest("goes on in another conversation from where it is", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply("One", "Two");
    await say(page, "First");
    await answers(page, 1);
    const key = await sessionOf(page);
    await say(page, "Second");
    await answers(page, 2);
    await press(page, "Go on from here in a new conversation");
    await page.until(`decodeURIComponent(location.hash) !== ${JSON.stringify(`#/s/${key}`)}`);
    await answers(page, 1);
    expect(await texts(server, await sessionOf(page))).toEqual(["First", "One"]);
    expect(await texts(server, key)).toEqual(["First", "One", "Second", "Two"]);
  });

  browserTest("shows what it changed in files, line by line", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply(
      [{ tool_call: { id: "c1", name: "write", args: { path: "a.txt", content: "one\ntwo\n" } } }],
      [{ tool_call: { id: "c2", name: "edit", args: { path: "a.txt", old_text: "two", new_text: "three" } } }],
      "Done",
    );
    await say(page, "Change it");
    await answers(page, 1);
    const counts = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.tool > summary .counts')].map(({ innerText }) => innerText.trim())",
    );
    expect(counts).toEqual(["+2", "+1 −1"]);
    await page.evaluate("document.querySelectorAll('.tool')[1].open = true");
    const lines = await page.until<string[]>(
      "document.querySelector('.lines-diff') && [...document.querySelectorAll('.lines-diff > span')].map((line) => line.className + ' ' + line.textContent.trim())",
    );
    expect(lines).toEqual(["is-removed -two", "is-added +three"]);
  });

  browserTest("has a gauge of the context and says what it may do", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    server.fake.reply("One");
    await say(page, "First");
    await answers(page, 1);
    await page.click(".chip.gauge");
    await page.until("document.querySelector('.told')?.innerText.includes('fake/m')");
    await page.press("Escape");
    await page.click(".chip.permission");
    await page.until("document.querySelector('.told')?.innerText.includes('Commands run confined')");
    const session_key = await sessionOf(page);
    await server.client.call("session.patch", { session_key, model: "nobody/nothing" });
    await until(async () => (await server.client.call("session.context", { session_key })).problem !== null);
  });
});

browserTest("a phone has a button for its camera", async (chromium) => {
  await using open = await visit(chromium, PHONE);
  const { page } = open;
  const input = "document.querySelector('input[capture]')";
  expect(await page.evaluate(`[${input}.accept, ${input}.getAttribute('capture')]`)).toEqual([
    "image/*",
    "environment",
  ]);
  const seen = "getComputedStyle(document.querySelector('.fingers-only')).display";
  expect(await page.evaluate(`[matchMedia('(pointer: coarse)').matches, ${seen} !== 'none']`)).toEqual([true, true]);
});

describe("the palette", () => {
  const chosen = (page: Page) =>
    page.evaluate<string>("document.querySelector('.palette [aria-selected=true] .palette-label')?.textContent ?? ''");

  browserTest("goes to pages and conversations, writes commands and changes the look", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    const { session_key } = await server.client.call("session.create", { title: "Letter to the landlord" });
    await page.until("document.querySelector('.session')");
    const ask = async (typed: string, label: string) => {
      await page.press("k", ["Control"]);
      await page.until("document.activeElement.classList.contains('palette-field')");
      await page.type(typed);
      await page.until(
        `document.querySelector('.palette [aria-selected=true] .palette-label')?.textContent === ${JSON.stringify(label)}`,
      );
      await page.press("Enter");
      await page.until("!document.querySelector('.palette')");
    };
    await ask("landl", "Letter to the landlord");
    expect(await sessionOf(page)).toBe(session_key);
    await ask("dark", "Dark");
    await page.until("document.documentElement.dataset.theme === 'dark'");
    await ask("中", "中文");
    await page.until("document.documentElement.lang === 'zh-CN' && document.body.innerText.includes('设置')");
    await ask("english", "English");
    await page.until("document.documentElement.lang === 'en'");
    await ask("/stat", "/status");
    await page.until("document.querySelector('#composer').value === '/status '");
    await ask("plug", "Plugins");
    await page.until("location.hash === '#/plugins'");
    await ask("words nobody wrote", "Search all messages for “words nobody wrote”");
    await page.until("location.hash.startsWith('#/search/words')");
    expect(page.complaints).toEqual([]);
  });

  browserTest("is walked with arrows and left with Escape, and the focus goes back", async (chromium) => {
    await using open = await visit(chromium);
    const { page } = open;
    await page.click("#composer");
    await page.press("k", ["Control"]);
    await page.until("document.activeElement.classList.contains('palette-field')");
    const first = await chosen(page);
    await page.press("ArrowDown");
    await page.until(
      `document.querySelector('.palette [aria-selected=true] .palette-label').textContent !== ${JSON.stringify(first)}`,
    );
    await page.press("ArrowUp");
    await page.until(
      `document.querySelector('.palette [aria-selected=true] .palette-label').textContent === ${JSON.stringify(first)}`,
    );
    await page.press("Escape");
    await page.until("!document.querySelector('.palette') && document.activeElement.id === 'composer'");
  });
});

browserTest("words are found in a conversation, also those that are not in the page", async (chromium) => {
  await using open = await visit(chromium);
  const { page, server } = open;
  server.fake.reply("The apricot tree is at the wall.", "Nothing else.");
  await say(page, "Where is it?");
  await answers(page, 1);
  await say(page, "And else?");
  await answers(page, 2);
  await page.press("f", ["Control"]);
  await page.until("document.activeElement.id === 'find'");
  await page.type("apricot");
  await page.press("Enter");
  await page.until("document.querySelector('.find .meta').innerText === '1 of 1'");
  await page.until("document.querySelector('.row.found')?.innerText.includes('apricot')");
  await page.evaluate("document.querySelector('#find').select()");
  await page.type("plum");
  await page.press("Enter");
  await page.until("document.querySelector('.find .meta').innerText === 'Not found'");
  await page.press("Escape");
  await page.until("!document.querySelector('.find') && document.activeElement.id === 'composer'");
});
