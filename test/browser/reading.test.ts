/** What only a real browser can tell: hostile text, and long conversations. */
import { describe, expect } from "bun:test";
import { ATTACKS } from "../panel/markdown/attacks.ts";
import { type Conversation, conversation } from "../support/conversation.ts";
import { fillSession, talkOf } from "../support/long-session.ts";
import { browserTest, openPage, type Page } from "./page.ts";

async function openSession(page: Page, server: Conversation, key: string): Promise<void> {
  await page.logIn(server);
  await page.evaluate(`location.hash = ${JSON.stringify(`#/s/${encodeURIComponent(key)}`)}`);
  await page.until("document.querySelector('.row')", "the conversation");
}

describe("text of the model", () => {
  browserTest("runs nothing, loads nothing and changes nothing but itself", async (chromium) => {
    await using server = await conversation();
    using page = await openPage(chromium);
    await page.view.cdp("Network.enable");
    const asked: string[] = [];
    page.view.addEventListener("Network.requestWillBeSent", (event: Event) => {
      asked.push((event as unknown as { data: { request: { url: string } } }).data.request.url);
    });
    await page.logIn(server);
    await page.evaluate("window.hit = () => { window.wasHit = true; }, window.before = Object.keys(window).length, 1");
    server.fake.reply(ATTACKS.join("\n\n"));
    await page.click("#composer");
    await page.type("attack");
    await page.press("Enter");
    await page.until("document.querySelector('.answer .facts')", "the end of the answer");
    await page.settled();
    asked.splice(0, asked.length, ...asked.filter((url) => !url.startsWith(server.url)));
    const found = await page.evaluate<{
      hit: boolean;
      elements: string[];
      attributes: string[];
      links: string[];
    }>(`(() => {
      const all = [...document.querySelectorAll(".prose *")];
      return {
        hit: window.wasHit === true || typeof window.hit !== "function",
        elements: [...new Set(all.map((found) => found.tagName.toLowerCase()))].filter((name) => !/^(?:p|br|strong|em|del|s|b|i|u|ins|mark|small|sub|sup|kbd|code|pre|blockquote|ul|ol|li|hr|div|span|input|h[1-6]|table|thead|tbody|tr|th|td|a|figure|figcaption|button)$/.test(name)),
        attributes: [...new Set(all.flatMap((found) => found.getAttributeNames()))].filter((name) => !/^(?:href|rel|target|align|class|type|checked|disabled|start|tabindex|data-act|data-label|data-done|aria-pressed|aria-label)$/.test(name)),
        links: all.filter((found) => found.href !== undefined).map((found) => found.protocol).filter((protocol) => !/^(?:https?|mailto):$/.test(protocol)),
      };
    })()`);
    expect(found).toEqual({ hit: false, elements: [], attributes: [], links: [] });
    expect(asked).toEqual([]);
    // Not even the browser's own policy had anything to stop.
    expect(page.complaints).toEqual([]);
  });

  browserTest("the sanitiser alone stops what the Markdown would have let through", async (chromium) => {
    await using server = await conversation();
    using page = await openPage(chromium);
    await page.open(`${server.url}/login`);
    const built = await Bun.build({
      entrypoints: [`${import.meta.dir}/../../src/panel/markdown/sanitize.ts`],
      target: "browser",
      format: "iife",
    });
    const code = (await built.outputs[0]!.text()).replace(/\bexport \{[^}]*\};?/, "");
    await page.evaluate(
      `(() => { const made = (() => { ${code.replace(/^\(\(\) => \{|\}\)\(\);\s*$/g, "")}; return createSanitizer; })(); window.sanitize = made(window); return 1; })()`,
    );
    expect(await page.evaluate("window.sanitize('<b>x</b><img src=x>').querySelectorAll('*').length")).toBe(1);
    const left = await page.evaluate<string[]>(`(() => {
      const allowed = /^(?:href|rel|target|align|class|type|checked|disabled|start)$/;
      return ${JSON.stringify(ATTACKS)}.flatMap((attack) => {
        const made = window.sanitize(attack);
        return [...made.querySelectorAll("*")].flatMap((found) => [
          ...found.getAttributeNames().filter((name) => !allowed.test(name)).map((name) => attack + " keeps " + name),
          ...(/^(?:SCRIPT|STYLE|IFRAME|SVG|MATH|OBJECT|EMBED|FORM|BUTTON|IMG|LINK|META|BASE|TEMPLATE|VIDEO|AUDIO)$/i.test(found.tagName) ? [attack + " keeps " + found.tagName] : []),
          ...(found.href && !/^(?:https?|mailto):/.test(found.href) ? [attack + " keeps " + found.href] : []),
        ]);
      });
    })()`);
    expect(left).toEqual([]);
  });

  browserTest("code is copied as it was written, and is set without colours", async (chromium) => {
    await using server = await conversation();
    using page = await openPage(chromium);
    server.fake.reply("```ts\nconst a = '<b>&amp;';\n```\n\n```\nplain\n```");
    await page.logIn(server);
    await page.click("#composer");
    await page.type("code");
    await page.press("Enter");
    await page.until("document.querySelector('.hljs-keyword')", "the weights of the code");
    await page.evaluate(
      "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } }), 1",
    );
    await page.click("[data-act=copy]");
    expect(await page.until<string>("window.copied")).toBe("const a = '<b>&amp;';");
    await page.until("document.querySelector('[data-act=copy]').innerText === 'Copied'");
    expect(
      await page.evaluate("[...document.querySelectorAll('figcaption span')].map((found) => found.innerText)"),
    ).toEqual(["ts", ""]);
    expect(page.complaints).toEqual([]);
  });
});

describe("a long conversation", () => {
  browserTest("scrolls through 5,000 messages with few of them in the page", async (chromium) => {
    await using server = await conversation();
    const { session_key } = await server.client.call("session.create", { title: "Long" });
    fill(server, session_key, 5000);
    using page = await openPage(chromium);
    await openSession(page, server, session_key);
    await page.until("document.querySelector('.scroller').innerText.includes('Answer 2499')", "the newest message");
    // To the very beginning: each page of older messages is asked for when the first row is near.
    let pages = 0;
    while (!(await page.evaluate<boolean>("document.querySelector('.scroller').innerText.includes('Question 0:')"))) {
      await page.evaluate(
        "(document.querySelector('.scroller').scrollTop = 0, new Promise((resolve) => requestAnimationFrame(() => resolve(1))))",
      );
      if (++pages > 3000) throw new Error("The beginning never came");
    }
    const seen = await page.evaluate<{ rows: number; elements: number; steps: number; stuck: number }>(`(async () => {
      const scroller = document.querySelector(".scroller");
      let stuck = 0, rows = 0, elements = 0, steps = 0;
      for (; steps < 240; steps++) {
        scroller.scrollTop += 600;
        await new Promise(requestAnimationFrame);
        rows = Math.max(rows, scroller.querySelectorAll(".row").length);
        elements = Math.max(elements, scroller.querySelectorAll("*").length);
        const box = scroller.getBoundingClientRect();
        if (!document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest(".row")) stuck++;
      }
      return { rows, elements, steps, stuck };
    })()`);
    expect(seen.rows).toBeLessThan(60);
    expect(seen.elements).toBeLessThan(2000);
    // Never an empty view; a frame now and then may be late on a busy machine.
    expect(seen.stuck).toBeLessThan(seen.steps * 0.05);
  });

  browserTest(
    "stays where the person scrolled while an answer streams, and says that there is more",
    async (chromium) => {
      await using server = await conversation();
      const { session_key } = await server.client.call("session.create", { title: "Long" });
      fill(server, session_key, 200);
      const parts = Array.from({ length: 60 }, (_, at) => `Line ${at} of the new answer.\n\n`);
      const gates = parts.map(() => Promise.withResolvers<void>());
      server.fake.reply(parts.flatMap((part, at) => [part, { wait: gates[at]!.promise }]));
      using page = await openPage(chromium);
      await openSession(page, server, session_key);
      await server.client.call("agent.run", { session_key, message: "go" });
      await page.until("document.querySelector('.scroller').innerText.includes('Line 0 of')");
      const atEnd =
        "document.querySelector('.scroller').scrollHeight - document.querySelector('.scroller').clientHeight - document.querySelector('.scroller').scrollTop";
      for (const gate of gates.slice(0, 30)) gate.resolve();
      await page.until("document.querySelector('.scroller').innerText.includes('Line 30 of')");
      await page.settled();
      // Nobody touched it: it follows.
      expect(await page.evaluate<number>(atEnd)).toBeLessThan(3);
      await page.evaluate("document.querySelector('.scroller').scrollTop -= 1500");
      await page.until("document.querySelector('.pill:not(.fresh)')");
      await page.settled();
      const place = () =>
        page.evaluate<{ key: string; top: number }>(`(() => {
        const box = document.querySelector(".scroller").getBoundingClientRect();
        const row = [...document.querySelectorAll(".row")].find((found) => found.getBoundingClientRect().bottom > box.top + 40);
        return { key: row.dataset.key, top: Math.round(row.getBoundingClientRect().top) };
      })()`);
      const before = await place();
      for (const gate of gates) gate.resolve();
      await page.until("!document.querySelector('#stop')", "the end of the answer");
      await page.settled();
      expect(await place()).toEqual(before);
      expect(await page.evaluate("document.querySelector('.pill.fresh').innerText")).toBe("New");
      await page.click(".pill");
      await page.until("document.querySelector('.scroller').innerText.includes('Line 59 of')");
      await page.until("!document.querySelector('.pill')");
    },
  );

  browserTest("only the last block of an answer is set anew while it grows", async (chromium) => {
    await using server = await conversation();
    using page = await openPage(chromium);
    const go = Promise.withResolvers<void>();
    server.fake.reply([
      "First paragraph.\n\n- a list\n\n",
      "Second",
      { wait: go.promise },
      " paragraph, longer and longer.\n\nThird.",
    ]);
    await page.logIn(server);
    await page.click("#composer");
    await page.type("go");
    await page.press("Enter");
    await page.until("document.querySelector('.prose')?.innerText.includes('Second')");
    await page.evaluate("window.marked = [...document.querySelectorAll('.prose p, .prose li')].slice(0, 2), 1");
    go.resolve();
    await page.until("document.querySelector('.answer .facts')");
    expect(await page.evaluate("window.marked.map((found) => found.isConnected)")).toEqual([true, true]);
  });
});

function fill(server: Conversation, key: string, count: number): void {
  fillSession({ database: server.home.database, key, count, textOf: talkOf });
}
