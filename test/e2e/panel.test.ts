/** The panel that the executable carries, in a real Chromium: talked to, asked by, cut off and found again. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answered, openSession, PHONE, say, sessionOf, text } from "../browser/acts.ts";
import { complaintsOf } from "../browser/axe.ts";
import { findChromium, openPage, type Page, type Shape } from "../browser/page.ts";
import { openScreen } from "../support/cli.ts";
import { type Server, startServer, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import type { ProviderFake } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

/** Starts of an executable and of a browser, on a busy machine. */
const LONG_MS = 90_000;
const MAIN = "agent:main:main";

interface Desk extends AsyncDisposable {
  readonly home: string;
  readonly fake: ProviderFake;
  readonly url: string;
  readonly token: string;
  /** Logged in, where nothing else is said. */
  open(shape?: Shape, login?: boolean): Promise<Page>;
  /** Ends the server without a word. */
  kill(): Promise<void>;
  /** Starts it again, at the port that it had. */
  start(): Promise<void>;
  history(key: string): Promise<readonly Said[]>;
}

interface Said {
  readonly role: string;
  readonly content: string;
  readonly status: string;
}

function testPanel(name: string, run: (desk: Desk) => Promise<void>, isSetUp = true): void {
  const chromium = findChromium();
  testExecutableIf(chromium !== undefined || process.env.ALEPH_REQUIRE_BROWSER === "1")(
    `the panel of the executable ${name}`,
    async () => {
      if (chromium === undefined) throw new Error("No Chromium found, and ALEPH_REQUIRE_BROWSER is 1");
      await using desk = await openDesk(chromium, isSetUp);
      await run(desk);
    },
    LONG_MS,
  );
}

async function openDesk(chromium: string, isSetUp: boolean): Promise<Desk> {
  await using stack = new AsyncDisposableStack();
  const { path: home } = stack.use(await testFolder());
  const fake = stack.use(startOpenAiFake({ models: ["m"] }));
  const provider = `[providers.fake]\ntype = "openai-compatible"\nbase_url = "${fake.url}"\napi_key = "k"\nmodels = ["m"]\n`;
  if (isSetUp) {
    writeFileSync(join(home, "config.toml"), `${provider}\n[models]\ndefault = "fake/m"\n`, { mode: 0o600 });
  }
  let server: Server = await startServer({ home });
  stack.defer(() => server[Symbol.asyncDispose]());
  const owned = stack.move();
  return {
    home,
    fake,
    get url() {
      return server.url;
    },
    get token() {
      return server.token;
    },
    async open(shape, login = true) {
      const page = owned.use(await openPage(chromium, shape));
      if (login) await page.logIn(server);
      return page;
    },
    async kill() {
      server.kill("SIGKILL");
      await server.finished;
    },
    async start() {
      server = await startServer({ home, args: ["--port", new URL(server.url).port] });
    },
    async history(key) {
      using socket = await openRawSocket(server.url, server.token);
      const { messages } = await socket.call<{ messages: Said[] }>("session.history", { session_key: key });
      return messages.map(({ role, content, status }) => ({ role, content, status }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const count = (page: Page, selector: string) =>
  page.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
const lost = (page: Page) => page.until("document.querySelector('.line.danger')", "the line that says it is gone");
const back = (page: Page) => page.until("!document.querySelector('.line.danger')", "the connection to be back");
/** What the conversation shows, in few words that can be compared. */
const shown = (page: Page) =>
  page.evaluate<{ said: string[]; answers: string[]; tools: number; endings: number }>(`({
    said: [...document.querySelectorAll(".said-text")].map((one) => one.innerText.trim()),
    answers: [...document.querySelectorAll(".answer .prose")].map((one) => one.innerText.trim()),
    tools: document.querySelectorAll(".answer .tool").length,
    endings: document.querySelectorAll(".answer .ending").length,
  })`);

testPanel(
  "leads from the first start over its wizard to an answered message",
  async ({ open, ...desk }) => {
    // One to try the key, one to try the model, then the conversation.
    desk.fake.answer(() => ["It is ", "a library."]);
    const page = await open(undefined, false);
    await page.open(desk.url);
    await page.until("location.pathname === '/login' && document.activeElement?.id === 'token'");
    await page.type(desk.token);
    await page.press("Enter");
    await page.until("document.querySelector('[data-link=connected] .composer')");
    await page.click(".empty a[href='#/setup']");
    await page.click("[data-kind=openai-compatible]");
    await page.click("[name=address]");
    await page.type(desk.fake.url);
    await page.click("[name=key]");
    await page.type("k");
    await page.press("Enter");
    await page.until("document.querySelector('.setup-ok')", "the provider's answer");
    await page.click(".setup .button.primary");
    await page.click(".setup-next .button.primary");
    await page.until("document.querySelector('[data-link=connected] .composer')");
    await say(page, "What is **Alexandria**?");
    await answered(page);
    expect(await text(page, ".answer .prose")).toBe("It is a library.");
    expect(await desk.history(await sessionOf(page))).toEqual([
      { role: "user", content: "What is **Alexandria**?", status: "complete" },
      { role: "assistant", content: "It is a library.", status: "complete" },
    ]);
    const before = await shown(page);
    await page.view.reload();
    await answered(page);
    expect(await shown(page)).toEqual(before);
    expect(page.complaints).toEqual([]);
  },
  false,
);

testPanel("opens while the server is gone, and fills when it is there again", async ({ open, ...desk }) => {
  desk.fake.reply("It is a library.");
  const page = await open();
  await say(page, "What is it?");
  await answered(page);
  await page.until("caches.keys().then((names) => names.length === 1)", "the files to be kept");
  await page.until("navigator.serviceWorker.ready.then(() => true)");
  await desk.kill();
  await page.view.reload();
  await lost(page);
  expect(await page.evaluate("document.querySelector('.rail') !== null")).toBe(true);
  await desk.start();
  await back(page);
  await answered(page);
  expect((await shown(page)).answers).toEqual(["It is a library."]);
});

testPanel("answers for the command line, which waits at its terminal", async ({ open, ...desk }) => {
  desk.fake.reply([{ tool_call: { name: "exec", args: { command: `echo step > made.txt` } } }], "It is made.");
  const page = await open();
  await using screen = openScreen(["chat", "make it"], { home: desk.home });
  await screen.shows("made.txt");
  await openSession(page, MAIN);
  await page.until("document.querySelector('.approval')");
  expect(await text(page, ".approval")).toContain("echo step > made.txt");
  // Both wait: neither has an answer, and nothing has run.
  expect(await count(page, ".approval")).toBe(1);
  expect(await Bun.file(join(desk.home, "workspace/made.txt")).exists()).toBe(false);
  await page.click(".approval .button.primary");
  await screen.shows("The question is closed");
  await screen.shows("It is made.");
  expect(await screen.exited).toBe(0);
  await answered(page);
  expect(await text(page, ".answer .prose")).toBe("It is made.");
  expect(await count(page, ".tool.ok")).toBe(1);
  expect(page.complaints).toEqual([]);
});

testPanel("says that an answer was interrupted by a kill, loses nothing and goes on", async ({ open, ...desk }) => {
  const never = Promise.withResolvers<void>();
  desk.fake.reply(["The first half. ", "More of it.", { wait: never.promise }]);
  const page = await open();
  await say(page, "Tell me all");
  await page.until("document.querySelector('.answer .prose')?.innerText.includes('More of it.')");
  const key = await sessionOf(page);
  const sees = async () => (await desk.history(key)).at(-1)?.content === "The first half. More of it.";
  await until(sees);
  await desk.kill();
  await lost(page);
  // What was there stays to be read.
  expect(await text(page, ".answer .prose")).toBe("The first half. More of it.");
  await desk.start();
  await back(page);
  await page.until("document.querySelector('.answer .ending')?.innerText.includes('interrupted')");
  expect(await shown(page)).toEqual({
    said: ["Tell me all"],
    answers: ["The first half. More of it."],
    tools: 0,
    endings: 1,
  });
  expect(await desk.history(key)).toEqual([
    { role: "user", content: "Tell me all", status: "complete" },
    { role: "assistant", content: "The first half. More of it.", status: "interrupted" },
  ]);
  desk.fake.reply("The second half.");
  await page.click(".ending .button");
  await page.until("document.querySelectorAll('.answer .facts').length === 2");
  expect((await shown(page)).answers).toEqual(["The first half. More of it.", "The second half."]);
});

testPanel("goes on with an answer that a kill met between its steps, once", async ({ open, ...desk }) => {
  const never = Promise.withResolvers<void>();
  desk.fake.reply([{ tool_call: { name: "list", args: {} } }], { after: never.promise });
  const page = await open();
  await say(page, "What is there?");
  await page.until("document.querySelector('.tool.ok')");
  await desk.fake.received(2);
  await desk.kill();
  await lost(page);
  desk.fake.reply("Nothing is there.");
  await desk.start();
  await answered(page);
  expect(await shown(page)).toEqual({
    said: ["What is there?"],
    answers: ["Nothing is there."],
    tools: 1,
    endings: 0,
  });
  const roles = (await desk.history(await sessionOf(page))).map(({ role, status }) => `${role} ${status}`);
  expect(roles).toEqual(["user complete", "assistant complete", "tool complete", "assistant complete"]);
});

testPanel("asks again after a kill what nobody had answered, and does it once", async ({ open, ...desk }) => {
  desk.fake.reply([{ tool_call: { name: "exec", args: { command: "echo once >> made.txt" } } }]);
  const page = await open();
  await say(page, "Make it");
  await page.until("document.querySelector('.approval')");
  await desk.kill();
  await lost(page);
  desk.fake.reply("Made.");
  await desk.start();
  await back(page);
  await page.until("document.querySelector('.approval .button.primary:enabled')");
  await page.settled();
  expect([await count(page, ".approval"), await count(page, ".tool")]).toEqual([1, 1]);
  await page.click(".approval .button.primary");
  await answered(page);
  await page.until("!document.querySelector('.approval')");
  expect(await shown(page)).toMatchObject({ said: ["Make it"], answers: ["Made."], tools: 1, endings: 0 });
  const made = new Bun.Glob("**/made.txt").scanSync({ cwd: desk.home, absolute: true });
  expect(await Promise.all([...made].map((path) => Bun.file(path).text()))).toEqual(["once\n"]);
});

testPanel("shows the same in two tabs, while it streams and when one of them answers", async ({ open, ...desk }) => {
  const go = Promise.withResolvers<void>();
  desk.fake.reply(
    ["One. ", { wait: go.promise }, "Two.", { tool_call: { name: "exec", args: { command: "echo 1 > one.txt" } } }],
    "Three.",
  );
  const first = await open();
  // The browser has the login already.
  const second = await open(PHONE, false);
  await second.open(desk.url);
  await say(first, "Count");
  const key = await sessionOf(first);
  await second.until("document.querySelector('[data-link=connected]')");
  await openSession(second, key);
  for (const page of [first, second]) await page.until("document.querySelector('.answer')?.innerText.includes('One.')");
  go.resolve();
  for (const page of [first, second]) await page.until("document.querySelector('.approval')");
  await second.settled();
  await second.click(".approval .button.primary");
  for (const page of [first, second]) {
    await answered(page);
    await page.until("!document.querySelector('.approval')");
  }
  expect(await shown(second)).toEqual(await shown(first));
  expect((await shown(first)).answers).toEqual(["One. Two.", "Three."]);
  desk.fake.reply("Four.");
  await second.click("#composer");
  await second.type("And then?");
  await second.click(".send");
  await answered(first, 2);
  await answered(second, 2);
  expect(await shown(second)).toEqual(await shown(first));
  expect([...first.complaints, ...second.complaints]).toEqual([]);
});

testPanel("is used on a phone with fingers alone, and nothing is cut off", async ({ open, ...desk }) => {
  const long = "averylongwordwithoutanyplacetobreak".repeat(8);
  desk.fake.reply(
    [
      `| a | b | c | d |\n|---|---|---|---|\n| ${long} | 2 | 3 | 4 |\n\n\`\`\`\n${long}\n\`\`\`\n\n${long}`,
      { tool_call: { name: "exec", args: { command: `echo ${long} > long.txt` } } },
    ],
    "Done.",
  );
  const page = await open(PHONE);
  const fits = async () => {
    await page.settled();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(360);
    expect(
      await page.evaluate<readonly string[]>(
        "[...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > 361 && !one.closest('pre, .table, .unseen, code')).map((one) => one.tagName + '.' + one.className)",
      ),
    ).toEqual([]);
    expect(await complaintsOf(page)).toEqual([]);
  };
  await page.view.click("#composer");
  await page.type("Go");
  await page.click(".send");
  await page.until("document.querySelector('.approval')");
  await fits();
  await page.click(".approval .button.primary");
  await answered(page);
  await fits();
  await page.click(".page-head .icon-button");
  await page.until("document.querySelector('.rail .session')");
  await fits();
  await page.click(".rail-link");
  await page.until("!document.querySelector('.rail')");
  await fits();
});

testPanel("is used without a mouse: login, message, approval, menu and settings", async ({ open, ...desk }) => {
  desk.fake.reply([{ tool_call: { name: "exec", args: { command: "echo 1 > one.txt" } } }], "Done.");
  const page = await open(undefined, false);
  await page.open(`${desk.url}/login`);
  await page.until("document.activeElement?.id === 'token'");
  await page.type(desk.token);
  await page.press("Enter");
  await page.until("document.querySelector('[data-link=connected] .composer')");
  const tabTo = async (what: string) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.press("Tab");
      if (await page.evaluate<boolean>(`document.activeElement?.matches(${JSON.stringify(what)})`)) return;
    }
    throw new Error(`No press of Tab leads to ${what}`);
  };
  await page.evaluate("document.activeElement.blur()");
  await tabTo(".skip");
  await page.press("Enter");
  await page.until("document.activeElement.id === 'composer'");
  await page.type("Do it");
  await page.press("Enter");
  await page.until("document.querySelector('.approval')");
  await tabTo(".approval .button.primary");
  await page.press("Enter");
  await answered(page);
  await page.until("!document.querySelector('.approval')");
  // Whatever has the focus shows it.
  await page.evaluate("document.activeElement.blur()");
  await tabTo(".composer .chip");
  expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).not.toBe("none");
  await page.press("Enter");
  await page.until("document.querySelector('.popover')");
  await page.press("Escape");
  await page.until("!document.querySelector('.popover') && document.activeElement.matches('.chip')");
  await page.evaluate("document.activeElement.blur()");
  await tabTo(".rail-link[href='#/settings']");
  await page.press("Enter");
  await page.until("document.querySelector('.settings h2')");
  expect(page.complaints).toEqual([]);
});
