/** The panel in a real browser against a real server with the demo provider: what a person does, and what they see. */
import { describe, expect } from "bun:test";
import { join } from "node:path";
import type { ConfigInput } from "../../src/config/schema.ts";
import { type TestApp, type TestAppOptions, testApp } from "../support/app.ts";
import { conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { answered, PHONE, say, sessionOf, text } from "./acts.ts";
import { browserTest, openPage, type Page, type Shape } from "./page.ts";

const SLOW: ConfigInput = { providers: { demo: { type: "demo", delay_ms: 60 } } };
/** So that nothing ends by itself on a busy machine. */
const SLOWER: ConfigInput = { providers: { demo: { type: "demo", delay_ms: 1000 } } };

/** Or else the server waits for them when it stops. */
async function abortAll({ client }: TestApp): Promise<void> {
  const { runs } = await client.call("runs.list", {});
  for (const { run_id, status } of runs) if (status === "running") await client.call("agent.abort", { run_id });
}

interface Visit extends AsyncDisposable {
  readonly server: TestApp;
  readonly page: Page;
}

/** A server and a page that is logged in on it. */
async function visit(chromium: string, { shape, ...options }: TestAppOptions & { shape?: Shape } = {}): Promise<Visit> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await testApp(options));
  const page = stack.use(await openPage(chromium, shape));
  await page.logIn(server);
  const owned = stack.move();
  return { server, page, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe("the login", () => {
  browserTest("is asked for, refuses a wrong token with a reason, and lets the right one in", async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium);
    await page.open(server.url);
    await page.until("location.pathname === '/login' && document.activeElement?.id === 'token'");
    await page.type("aleph_own_this_is_not_the_token_at_all_0000");
    await page.press("Enter");
    await page.until("document.querySelector('#trouble').textContent.includes('not a token')");
    await page.logIn(server);
    expect(await page.evaluate("location.pathname")).toBe("/");
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(page.complaints.filter((complaint) => !complaint.includes("401"))).toEqual([]);
  });

  browserTest("holds over a reload, and ends with the button for it", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    const key = await page.evaluate<string>("localStorage.getItem('aleph.session_token')");
    await page.view.reload();
    await page.until("document.querySelector('.composer')");
    await page.evaluate("location.hash = '#/settings'");
    await page.until(
      "[...document.querySelectorAll('.settings button')].some((found) => found.innerText === 'Log out' && (found.click(), true))",
    );
    await page.until("location.pathname === '/login'");
    expect(await page.evaluate("localStorage.getItem('aleph.session_token')")).toBeNull();
    await page.evaluate(`localStorage.setItem("aleph.session_token", ${JSON.stringify(key)})`);
    await page.open(server.url);
    await page.until("location.pathname === '/login'", "the old key to be refused");
  });

  browserTest("is not needed where the server asks for none, and the panel says so", async (chromium) => {
    await using server = await testApp({ config: { auth: { mode: "none" } } });
    using page = await openPage(chromium);
    await page.open(server.url);
    await page.until("document.querySelector('.rail-open-access')");
    await say(page, "help");
    await answered(page);
    expect(page.complaints).toEqual([]);
  });

  browserTest("takes no server and no token from an address", async (chromium) => {
    await using server = await testApp();
    using page = await openPage(chromium);
    await page.open(`${server.url}/?token=${server.token}&server=ws://127.0.0.1:1/ws#token=${server.token}`);
    await page.until("location.pathname === '/login'");
    expect(await page.evaluate("localStorage.getItem('aleph.session_token')")).toBeNull();
  });
});

describe("a conversation", () => {
  browserTest("streams, shows tools as they run, asks, and keeps everything over a reload", async (chromium) => {
    await using open = await visit(chromium, { config: SLOW });
    const { page, server } = open;
    await say(page, "demo exec");
    // It grows in front of the person.
    await page.until("document.querySelector('.answer .prose')?.innerText.length > 0");
    const early = (await text(page, ".answer")).length;
    await page.until(`document.querySelector('.answer').innerText.length > ${early + 20}`);
    expect(await page.evaluate("document.querySelector('.answer').getAttribute('aria-busy')")).toBe("true");
    await page.until("document.querySelector('.approval')");
    expect(await text(page, ".approval")).toContain("mkdir -p aleph-demo");
    expect(await text(page, ".tool.waiting summary")).toContain("waits for you");
    await page.until("document.title.startsWith('(1) Waiting for you')");
    expect(await page.evaluate("document.querySelector('[aria-live=assertive]').textContent")).toContain(
      "Waiting for you: exec",
    );

    // A key in the message field is text; outside of it, it answers.
    await page.click("#composer");
    await page.press("o");
    expect(await page.evaluate("document.querySelector('.approval') !== null")).toBe(true);
    await page.press("a", ["Alt"]);
    await page.until("document.activeElement.classList.contains('approval')");
    const [{ approval_id = "" } = {}] = (await server.client.call("approvals.list", { status: "pending" })).approvals;
    await until(async () => {
      await page.press("o");
      return (await server.client.call("approvals.get", { approval_id })).decision === "once";
    });
    await answered(page);
    await page.until("!document.querySelector('.approval')");
    expect(await page.evaluate("document.querySelectorAll('.tool.ok').length")).toBe(2);

    // Opened in place: what went in and what came out.
    await page.click(".tool.ok summary");
    expect(await text(page, ".tool[open]")).toContain("ls -l");

    const before = await text(page, ".scroller");
    await page.view.reload();
    await answered(page);
    const after = await text(page, ".scroller");
    for (const part of ["demo exec", "I follow a script", "$ mkdir -p aleph-demo", "You allowed it, and it ran."]) {
      expect([before, after].every((seen) => seen.includes(part))).toBe(true);
    }
    expect(page.complaints).toEqual([]);
  });

  browserTest("is denied with a key, and the server did not run it", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    await say(page, "demo exec");
    await page.until("document.querySelector('.approval')");
    await page.click(".approval .button.danger");
    await answered(page);
    expect(await text(page, ".tool.denied summary")).toContain("not allowed");
    const [approval] = (await server.client.call("approvals.list", {})).approvals;
    expect(approval).toMatchObject({ status: "denied", decision: "deny" });
  });

  browserTest("is stopped with the button, says so, and goes on", async (chromium) => {
    await using open = await visit(chromium, { config: SLOWER });
    const { page, server } = open;
    await say(page, "help");
    await page.until("document.querySelector('.answer .prose')?.innerText.length > 10");
    await page.click("#stop");
    await page.until("document.querySelector('.ending')?.innerText.includes('You stopped this answer')");
    const [run] = (await server.client.call("runs.list", {})).runs;
    expect(run?.status).toBe("cancelled");
    await page.click(".ending .button");
    await page.until("document.querySelectorAll('.said').length === 2");
    // What is over and done with is not gone on with any more.
    await page.until("!document.querySelector('.ending .button')");
    await abortAll(server);
  });

  browserTest("says why an answer failed and what to do, as the server knows it", async (chromium) => {
    const keyless = {
      type: "openai-compatible",
      base_url: "http://127.0.0.1:9/v1",
      api_key: "env:KEY_OF_NOBODY",
      models: ["m"],
    };
    await using open = await visit(chromium, { config: { providers: { keyless }, models: { default: "keyless/m" } } });
    const { page, server } = open;
    await say(page, "Hi");
    await page.until("document.querySelector('.ending.failed .aside')");
    const [run] = (await server.client.call("runs.list", {})).runs;
    expect(run?.error?.hint).toContain("KEY_OF_NOBODY");
    expect(await text(page, ".ending.failed .aside")).toBe(`${run!.error!.hint}.`);
  });

  browserTest("queues what is written meanwhile, and can take it out again", async (chromium) => {
    await using open = await visit(chromium, { config: SLOWER });
    const { page, server } = open;
    await say(page, "help");
    await page.until("document.querySelector('#stop')");
    await say(page, "later");
    await page.until("document.querySelector('.said.queued')");
    await page.click(".said.queued .link");
    await page.until("!document.querySelector('.said.queued')");
    const runs = (await server.client.call("runs.list", {})).runs;
    expect(runs.map(({ status }) => status)).toEqual(["cancelled", "running"]);
    await abortAll(server);
  });

  browserTest("carries files, and refuses those that no frame can hold", async (chromium) => {
    await using folder = await testFolder();
    await Bun.write(join(folder.path, "note.txt"), "a note");
    await Bun.write(join(folder.path, "huge.bin"), new Uint8Array(9 * 1024 * 1024));
    await using open = await visit(chromium);
    const { page, server } = open;
    const attach = async (name: string) => {
      const { root } = await page.view.cdp<{ root: { nodeId: number } }>("DOM.getDocument");
      const found = { nodeId: root.nodeId, selector: "input[type=file]" };
      const { nodeId } = await page.view.cdp<{ nodeId: number }>("DOM.querySelector", found);
      await page.view.cdp("DOM.setFileInputFiles", { nodeId, files: [join(folder.path, name)] });
    };
    await attach("huge.bin");
    await page.until("document.querySelector('.composer-state.failed')?.innerText.includes('huge.bin is too large')");
    await attach("note.txt");
    await page.until("document.querySelector('.composer .card')?.innerText.includes('note.txt')");
    await say(page, "help");
    await answered(page);
    const { messages } = await server.client.call("session.history", { session_key: await sessionOf(page) });
    expect(messages[0]?.parts.find(({ type }) => type === "media")).toMatchObject({
      name: "note.txt",
      mime: "text/plain",
      size: 6,
    });
    expect(await text(page, ".said .card")).toContain("note.txt");
  });

  browserTest("keeps a draft over a reload", async (chromium) => {
    await using open = await visit(chromium);
    const { page } = open;
    await page.click("#composer");
    await page.type("not finished");
    await page.view.reload();
    expect(await page.until<string>("document.querySelector('#composer')?.value")).toBe("not finished");
  });

  browserTest("has a model and a thinking level that the server keeps", async (chromium) => {
    await using server = await conversation();
    server.fake.reply("Hello.");
    using page = await openPage(chromium);
    await page.logIn(server);
    await say(page, "Hi");
    await answered(page);
    const session_key = await sessionOf(page);
    const choose = (label: string) =>
      page.until(
        `[...document.querySelectorAll('.popover .menu-item')].find((item) => item.innerText.trim() === ${JSON.stringify(label)})?.click() ?? true`,
      );
    await page.click(".chip");
    await page.until("document.querySelectorAll('.popover .menu-item').length > 1");
    await choose("fake/m");
    await until(async () => (await server.client.call("session.get", { session_key })).model === "fake/m");
    await page.evaluate("document.querySelectorAll('.composer .chip')[1].click()");
    await page.until("document.querySelectorAll('.popover .menu-item').length === 5");
    await choose("High");
    await until(async () => (await server.client.call("session.get", { session_key })).thinking === "high");
    await page.until("document.querySelectorAll('.composer .chip')[1].innerText.includes('High')");
  });
});

describe("the list", () => {
  browserTest("renames, finds and deletes, and the server agrees", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    for (const title of ["Garden", "Letter"]) await server.client.call("session.create", { title });
    await page.until("document.querySelectorAll('.session').length === 2");
    const act = async (item: string) => {
      await page.click(".session .session-more");
      await page.until("document.querySelector('.popover')");
      await page.evaluate(
        `[...document.querySelectorAll('.popover .menu-item')].find((found) => found.innerText === ${JSON.stringify(item)}).click()`,
      );
      await page.until("document.querySelector('dialog[open]')");
    };
    await act("Rename");
    await page.type("Brief");
    await page.press("Enter");
    await page.until("document.querySelector('.session-title').innerText === 'Brief'");
    await page.click("#search");
    await page.type("gard");
    await page.until("document.querySelectorAll('.session').length === 1");
    await page.press("Escape");
    await page.until("document.querySelectorAll('.session').length === 2");
    await act("Delete");
    await page.click("dialog .button.primary");
    await page.until("document.querySelectorAll('.session').length === 1");
    const { sessions } = await server.client.call("session.list", {});
    expect(sessions.map(({ title }) => title)).toEqual(["Garden"]);
  });
});

describe("the line to the server", () => {
  browserTest("is told when it is gone and mends by itself; what was written stays", async (chromium) => {
    await using folder = await testFolder();
    using page = await openPage(chromium);
    let url = "";
    {
      await using server = await testApp({ home: folder.path });
      url = server.url;
      await page.logIn(server);
      await say(page, "help");
      await answered(page);
      await page.click("#composer");
      await page.type("unsent");
    }
    await page.until("document.querySelector('.line.danger')?.innerText.includes('No connection to the server')");
    expect(await text(page, ".answer")).toContain("demo provider");
    expect(await page.evaluate("document.querySelector('.send').disabled")).toBe(true);
    await using server = await testApp({ home: folder.path, config: { gateway: { port: Number(new URL(url).port) } } });
    await page.until("!document.querySelector('.line.danger')");
    expect(await page.evaluate("document.querySelector('#composer').value")).toBe("unsent");
    await page.click("#composer");
    await page.press("Enter");
    await page.until("document.querySelectorAll('.said').length === 2");
    const { messages } = await server.client.call("session.history", { session_key: await sessionOf(page) });
    expect(messages.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual(["help", "unsent"]);
  });

  browserTest("takes a message before it stands, unless that is written on meanwhile", async (chromium) => {
    await using open = await visit(chromium);
    const { page, server } = open;
    const early = async (words: string) => {
      await page.view.reload();
      await page.until("window.letThrough && document.querySelector('#composer')");
      await say(page, words);
      await page.until(
        "document.querySelector('#composer-state').innerText === 'Sent as soon as the connection is there'",
      );
    };
    await page.view.cdp("Page.addScriptToEvaluateOnNewDocument", {
      source: `
        const { send } = WebSocket.prototype;
        const gate = new Promise((resolve) => { window.letThrough = resolve; });
        WebSocket.prototype.send = function (frame) { gate.then(() => send.call(this, frame)); };
      `,
    });
    await early("help");
    await page.type(" me");
    await page.until("document.querySelector('#composer-state').innerText.startsWith('Not connected')");
    await page.evaluate("letThrough()");
    await page.until("document.querySelector('[data-link=connected] .send:not([disabled])')");
    await page.settled();
    expect(await page.evaluate("document.querySelector('#composer').value")).toBe("help me");
    expect((await server.client.call("session.list", {})).sessions).toEqual([]);

    await early(" please");
    await page.evaluate("letThrough()");
    await answered(page);
    const { messages } = await server.client.call("session.history", { session_key: await sessionOf(page) });
    expect(messages.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual(["help me please"]);
    expect(page.complaints).toEqual([]);
  });

  browserTest(
    "a page that is opened without it says so, and fills by itself when it is there again",
    async (chromium) => {
      await using folder = await testFolder();
      using page = await openPage(chromium);
      let url = "";
      {
        await using server = await testApp({ home: folder.path });
        url = server.url;
        await page.logIn(server);
      }
      await page.until("document.querySelector('.line.danger')");
      for (const place of ["plugins", "skills", "mcp", "devices", "approvals"]) {
        await page.evaluate(`location.hash = "#/${place}"`);
        await page.until(
          "document.querySelector('.entries .ending.failed')?.innerText.includes('There is no connection')",
        );
      }
      await using _server = await testApp({
        home: folder.path,
        config: { gateway: { port: Number(new URL(url).port) } },
      });
      await page.until("document.querySelector('.entries h2') && !document.querySelector('.entries .ending.failed')");
      await page.evaluate("location.hash = '#/skills'");
      await page.until("document.querySelector('.install') && !document.querySelector('.ending.failed')");
    },
  );
});

describe("without a mouse", () => {
  browserTest("dialogs trap the focus and give it back, and every control is reached", async (chromium) => {
    await using open = await visit(chromium);
    const { page } = open;
    await page.evaluate("document.activeElement.blur()");
    await page.press("/");
    await page.until("document.activeElement.id === 'composer'");
    await page.evaluate("document.activeElement.blur()");
    await page.press("?");
    await page.until("document.querySelector('dialog[open]')");
    for (let count = 0; count < 6; count++) await page.press("Tab");
    expect(
      await page.evaluate(
        "document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)",
      ),
    ).toBe(true);
    await page.press("Escape");
    await page.until("!document.querySelector('dialog')");

    await page.evaluate("document.activeElement.blur()");
    const reached = new Set<string>();
    for (let count = 0; count < 20; count++) {
      await page.press("Tab");
      reached.add(
        await page.evaluate<string>(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText",
        ),
      );
    }
    for (const name of [
      "Skip the list",
      "New conversation",
      "Search conversations",
      "Settings",
      "Message",
      "Attach files",
    ]) {
      expect([...reached]).toContain(name);
    }
    expect([...reached].some((name) => name.startsWith("Model:"))).toBe(true);
  });

  browserTest("a menu opens, moves with arrows and closes with Escape, back to its button", async (chromium) => {
    await using open = await visit(chromium);
    const { page } = open;
    await page.evaluate("document.querySelectorAll('.composer .chip')[1].focus()");
    await page.press("Enter");
    await page.until("document.querySelector('.popover')");
    await page.press("Tab");
    await page.press("ArrowDown");
    expect(await page.evaluate("document.activeElement.innerText.trim()")).toBe("Off");
    await page.press("Escape");
    await page.until("!document.querySelector('.popover')");
    expect(await page.evaluate("document.activeElement.classList.contains('chip')")).toBe(true);
  });
});

describe("on a phone", () => {
  browserTest("fits, with a drawer that opens, closes and leads somewhere", async (chromium) => {
    await using open = await visit(chromium, { shape: PHONE });
    const { page } = open;
    await say(page, "demo files");
    // On a phone Enter is a new line; the button sends.
    await page.click(".send");
    await answered(page);
    const wide = await page.evaluate<readonly string[]>(
      "[...document.querySelectorAll('body *')].filter((found) => found.getBoundingClientRect().right > 361 && !found.closest('pre, .table, .unseen, code')).map((found) => found.className)",
    );
    expect(wide).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    const small = await page.evaluate<readonly string[]>(
      "[...document.querySelectorAll('button, a, summary')].filter((found) => found.offsetHeight > 0 && found.offsetHeight < 44 && !found.closest('.prose, .unseen') && !found.matches('.skip, .link')).map((found) => found.className + found.offsetHeight)",
    );
    expect(small).toEqual([]);
    await page.click(".page-head .icon-button");
    await page.until("document.querySelector('.rail')?.contains(document.activeElement)");
    expect(await page.evaluate("document.querySelector('.page').inert")).toBe(true);
    await page.press("Escape");
    await page.until("!document.querySelector('.rail')");
    await page.click(".page-head .icon-button");
    await page.click(".rail-link");
    await page.until("document.querySelector('.settings') && !document.querySelector('.rail')");
  });
});

describe("settings", () => {
  browserTest("change the look and the language at once, and are kept", async (chromium) => {
    await using open = await visit(chromium);
    const { page } = open;
    await page.evaluate("location.hash = '#/settings'");
    await page.until("document.querySelector('.settings')");
    const paper = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
    await page.evaluate("document.querySelectorAll('.segments input')[2].click()");
    await page.until("document.documentElement.dataset.theme === 'dark'");
    const dark = await paper();
    await page.evaluate("document.querySelectorAll('.segments input')[1].click()");
    await page.until("document.documentElement.dataset.theme === 'light'");
    expect(await paper()).not.toBe(dark);
    await page.evaluate("document.querySelectorAll('.segments input')[4].click()");
    await page.until("document.documentElement.lang === 'zh-CN' && document.querySelector('h1').innerText === '设置'");
    await page.view.reload();
    await page.until(
      "document.querySelector('h1')?.innerText === '设置' && document.documentElement.dataset.theme === 'light'",
    );
  });
});
