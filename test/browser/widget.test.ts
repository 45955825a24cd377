/** The widget on pages of another origin, in a real browser: what a visitor does, and what nobody can. */
import { describe, expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Conversation, conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { PHONE } from "./acts.ts";
import { complaintsOf } from "./axe.ts";
import {
  allInWidget,
  answeredInWidget,
  clickInWidget,
  type HostPage,
  type HostPageOptions,
  hostPage,
  inWidget,
  openWidget,
  sayInWidget,
  textInWidget,
} from "./host-page.ts";
import { browserTest, openPage, type Page, type Shape } from "./page.ts";

/** Of a page that trusts nobody else; nobody may set HTML either. */
const STRICT =
  "default-src 'none'; script-src SERVER; connect-src SERVER SOCKET; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'";

interface Shop extends AsyncDisposable {
  readonly server: Conversation;
  readonly site: HostPage;
  readonly page: Page;
  readonly inviteId: string;
  readonly invite: string;
}

interface ShopOptions extends Omit<HostPageOptions, "attributes"> {
  readonly shape?: Shape;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly uses?: number;
  readonly tokens?: number;
  readonly origins?: readonly string[];
  readonly now?: () => number;
  readonly expiresInMs?: number;
}

/** A server, a page that carries its widget, and a browser that shows the page. */
async function shop(chromium: string, options: ShopOptions = {}): Promise<Shop> {
  const { shape, attributes = {}, uses, tokens = 100_000, origins, now, expiresInMs, csp, ...rest } = options;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await conversation(now ? { now } : {}));
  const site = stack.use(hostPage(options.host));
  const { invite, invite_id } = await server.client.call("auth.invites.create", {
    tools: [],
    origins: [...(origins ?? [site.origin])],
    budget: { tokens },
    ...(uses === undefined ? {} : { uses }),
    ...(expiresInMs === undefined ? {} : { expires_in_ms: expiresInMs }),
  });
  const policy = csp?.replaceAll("SERVER", server.url).replaceAll("SOCKET", server.wsUrl);
  site.carry(server, {
    ...rest,
    attributes: { "data-invite": invite, ...attributes },
    ...(policy === undefined ? {} : { csp: policy }),
  });
  const page = stack.use(await openPage(chromium, shape));
  await page.open(`${site.origin}/`);
  const owned = stack.move();
  return { server, site, page, inviteId: invite_id, invite, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What the widget says instead of a conversation. */
function refusal(page: Page): Promise<string> {
  return page.until(`${inWidget(".notice.refused > span")}?.textContent`, "the reason");
}

const focused = (page: Page) =>
  page.evaluate<string>(
    "document.activeElement?.shadowRoot?.activeElement?.className ?? document.activeElement?.tagName",
  );

describe("the widget", () => {
  browserTest("answers a visitor of another origin, and nothing is kept there or here", async (chromium) => {
    await using open = await shop(chromium, { attributes: { "data-title": "Ask the shop" } });
    const { server, page, inviteId } = open;
    server.fake.reply("It is **open** from 9 to 5, see [the page](https://shop.example/hours).", "You are welcome.");
    // Who only looks at the page is no visitor yet.
    await page.until("document.querySelector('aleph-widget')");
    expect((await server.client.call("auth.invites.list", {})).invites[0]).toMatchObject({ used: 0, used_at: null });
    await openWidget(page);
    expect(await textInWidget(page, ".title")).toBe("Ask the shop");
    await sayInWidget(page, "When is the teapot house open?");
    await answeredInWidget(page, "see the page (shop.example).");
    expect(await textInWidget(page, ".answer strong")).toBe("open");
    expect(await page.evaluate(`(({ href, rel, target }) => [href, rel, target])(${inWidget(".answer a")})`)).toEqual([
      "https://shop.example/hours",
      "noopener noreferrer",
      "_blank",
    ]);
    await sayInWidget(page, "Thanks");
    await answeredInWidget(page, "You are welcome.", 2);
    const { invites } = await server.client.call("auth.invites.list", {});
    expect(invites[0]).toMatchObject({ invite_id: inviteId, used: 1, uses: null });
    expect(await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")).toEqual([0, 0, ""]);
    expect(page.complaints).toEqual([]);
    await server.app[Symbol.asyncDispose]();
    for (const name of await readdir(server.home.path)) {
      if (!name.startsWith("aleph.db")) continue;
      const bytes = Buffer.from(await Bun.file(join(server.home.path, name)).bytes());
      expect([name, bytes.includes("teapot house")]).toEqual([name, false]);
    }
  });

  browserTest("shows what a model writes as text, and asks nobody else for anything", async (chromium) => {
    await using open = await shop(chromium, { csp: STRICT });
    const { server, page } = open;
    server.fake.reply(
      [
        "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script> &lt;b&gt; &amp;amp; 5 < 6",
        "<iframe src='https://evil.example'></iframe>",
        "[a](javascript:document.title='taken') [b](data:text/html,x) [c](//evil.example/x) ![pixel](https://evil.example/p.png)",
        "**bold *both*** `code <b>` ~~gone~~ <https://shop.example>",
        "```html\n<script>1</script>\n```",
        "1. one\n2. two\n   - inner\n\n- [x] done\n- [ ] open",
        "| a | b |\n|--|--:|\n| 1 | 2 |",
        "> quoted\n\n---\n\n# Big",
      ].join("\n\n"),
    );
    await openWidget(page);
    await sayInWidget(page, "hi");
    await answeredInWidget(page, "Big");
    expect(
      await page.evaluate(
        `[...new Set(${allInWidget(".answer .prose *")}.map(({ localName }) => localName))].toSorted().join(" ")`,
      ),
    ).toBe("a blockquote code del div em h3 hr li ol p pre small strong table tbody td th thead tr ul");
    expect(await page.evaluate(`${allInWidget(".answer a")}.map(({ href }) => href)`)).toEqual([
      "https://evil.example/p.png",
      "https://shop.example/",
    ]);
    const shown = await textInWidget(page, ".answer .prose");
    for (const written of [
      "<script>document.title='taken'</script> <b> &amp; 5 < 6",
      "a javascript:document",
      "☑ done",
    ])
      expect(shown).toContain(written);
    expect(await page.evaluate("document.title")).toBe("A shop");
    expect(page.complaints).toEqual([]);
  });

  browserTest("works on a page whose policy allows its script and its server and nothing else", async (chromium) => {
    await using open = await shop(chromium, { csp: STRICT });
    const { server, page } = open;
    server.fake.reply("Hello **there**");
    await openWidget(page);
    await sayInWidget(page, "hi");
    await answeredInWidget(page, "Hello there");
    expect(await page.evaluate(`getComputedStyle(${inWidget(".launch")}).borderRadius`)).toBe("50%");
    expect(page.complaints).toEqual([]);
  });

  browserTest("stops an answer, starts over, and says what failed", async (chromium) => {
    await using open = await shop(chromium);
    const { server, page } = open;
    server.fake.reply([{ text: "A long" }, { wait: new Promise(() => undefined) }], {
      status: 400,
      message: "secret details of the account",
    });
    await openWidget(page);
    await sayInWidget(page, "one");
    await answeredInWidget(page, "A long");
    await clickInWidget(page, ".act:not(.primary)");
    await answeredInWidget(page, "Stopped.");
    await sayInWidget(page, "two");
    await answeredInWidget(page, "Something went wrong.", 2);
    expect(await textInWidget(page, ".log")).not.toContain("secret details");
    await clickInWidget(page, ".icon");
    await page.until(`!${inWidget(".answer")} && !${inWidget(".hello")}.hidden`, "an empty conversation");
    server.fake.reply("Anew");
    await sayInWidget(page, "three");
    await answeredInWidget(page, "Anew");
    const { messages } = server.fake.requests.at(-1)!.body;
    expect(JSON.stringify(messages)).not.toContain("A long");
  });

  browserTest("comes back after a restart of the server, and says that a new conversation begins", async (chromium) => {
    await using home = await testFolder();
    await using fake = startOpenAiFake();
    await using site = hostPage();
    const first = await conversation({ home: home.path, fake });
    const port = Number(new URL(first.url).port);
    const { invite } = await first.client.call("auth.invites.create", {
      tools: [],
      origins: [site.origin],
      budget: { tokens: 10_000 },
    });
    site.carry(first, { attributes: { "data-invite": invite } });
    using page = await openPage(chromium);
    await page.open(`${site.origin}/`);
    fake.reply([{ text: "Begun" }, { wait: new Promise(() => undefined) }], "Here again");
    await openWidget(page);
    await sayInWidget(page, "one");
    await answeredInWidget(page, "Begun");
    await first[Symbol.asyncDispose]();
    await page.until(`${inWidget(".notice")}.textContent.startsWith('The connection is lost')`);
    await using second = await conversation({ home: home.path, fake, config: { gateway: { port } } });
    await page.until(`${inWidget(".notice")}.textContent === ''`, "the connection");
    expect(await textInWidget(page, ".break")).toBe("The conversation has ended, and a new one begins.");
    await answeredInWidget(page, "This answer was interrupted.");
    await sayInWidget(page, "two");
    await answeredInWidget(page, "Here again", 2);
    expect((await second.client.call("auth.invites.list", {})).invites[0]).toMatchObject({ used: 2 });
  });

  browserTest("says in words why nobody gets in", async (chromium) => {
    const clock = { ahead: 0 };
    await using open = await shop(chromium, { uses: 1, expiresInMs: 3_600_000, now: () => Date.now() + clock.ahead });
    const { server, site, page, inviteId } = open;
    const again = async () => {
      await page.open("about:blank");
      await page.open(`${site.origin}/`);
      await openWidget(page);
      expect(await page.evaluate(`${inWidget(".input")}.disabled`)).toBe(true);
      return refusal(page);
    };
    await openWidget(page);
    expect(await again()).toBe("This chat has had as many visitors as it may have.");
    const elsewhere = await server.client.call("auth.invites.create", {
      tools: [],
      origins: ["https://else.example"],
      budget: { tokens: 1 },
    });
    site.carry(server, { attributes: { "data-invite": elsewhere.invite } });
    expect(await again()).toBe("This chat is not available on this page.");
    site.carry(server, { attributes: { "data-invite": open.invite } });
    clock.ahead = 3_600_001;
    expect(await again()).toBe("The time of this chat is over.");
    await server.client.call("auth.invites.revoke", { invite_id: inviteId });
    expect(await again()).toBe("This chat is no longer available.");
  });

  browserTest(
    "says so to those who are here when the invite is revoked, and when the allowance is used up",
    async (chromium) => {
      await using open = await shop(chromium, { tokens: 10 });
      const { server, page, inviteId } = open;
      server.fake.reply("All that there was");
      await openWidget(page);
      await sayInWidget(page, "one");
      await answeredInWidget(page, "All that there was");
      await sayInWidget(page, "two");
      await page.until(`${inWidget(".log")}.textContent.includes('used up its allowance')`, "the reason");
      await server.client.call("auth.invites.revoke", { invite_id: inviteId });
      expect(await refusal(page)).toBe("This chat is no longer available.");
    },
  );

  browserTest("is refused on a page that no invite names, and can be asked again", async (chromium) => {
    await using open = await shop(chromium, { origins: ["https://else.example"] });
    const { server, site, page } = open;
    await page.until("document.querySelector('aleph-widget')");
    await clickInWidget(page, ".launch");
    expect(await refusal(page)).toBe("This chat is not available here at the moment.");
    const { invite } = await server.client.call("auth.invites.create", {
      tools: [],
      origins: [site.origin],
      budget: { tokens: 1 },
    });
    await clickInWidget(page, ".again");
    // Now the socket opens, and the invite is asked for its own origins.
    await page.until(
      `${inWidget(".notice.refused")}?.textContent.startsWith('This chat is not available on this page')`,
    );
    site.carry(server, { attributes: { "data-invite": invite } });
    await page.open("about:blank");
    await page.open(`${site.origin}/`);
    await openWidget(page);
    expect(await textInWidget(page, ".notice")).toBe("");
  });

  browserTest("is not there without an invite, and a page that may come can do nothing else", async (chromium) => {
    await using open = await shop(chromium);
    const { server, site, page, invite } = open;
    site.carry(server, {});
    await page.open("about:blank");
    await page.open(`${site.origin}/`);
    await page.until("document.readyState === 'complete'");
    expect(await page.evaluate("document.querySelector('aleph-widget')")).toBeNull();
    expect(page.complaints.join()).toContain("needs data-invite");
    const outcome = (frames: readonly object[]) =>
      page.evaluate<string>(`new Promise((resolve) => {
        const line = new WebSocket(${JSON.stringify(server.wsUrl)});
        const said = [];
        line.onopen = () => { for (const frame of ${JSON.stringify(frames)}) line.send(JSON.stringify(frame)); };
        line.onmessage = ({ data }) => said.push(JSON.parse(data));
        line.onclose = ({ code }) => resolve(code + " " + said.map(({ error }) => error?.data.reason ?? "let in").join());
      })`);
    const call = (method: string, params: object = {}) => ({ jsonrpc: "2.0", id: 1, method, params });
    expect(await outcome([call("connect"), call("session.list")])).toBe("4401 unauthenticated");
    expect(await outcome([call("rpc.ping")])).toBe("4401 forbidden");
    expect(await outcome([call("connect", { auth: { token: server.token } })])).toBe("4401 forbidden");
    // The other name of the same machine is another origin.
    await page.open(`http://localhost:${site.port}/`);
    expect(await outcome([call("connect", { auth: { invite } })])).toBe("1006 ");
    expect(
      await page.evaluate(`fetch(${JSON.stringify(`${server.url}/health`)}).then(() => "read", () => "refused")`),
    ).toBe("refused");
  });
});

describe("the widget, for everybody", () => {
  browserTest("is operated by keyboard alone", async (chromium) => {
    await using open = await shop(chromium, { body: '<h1>A shop</h1><a href="#x">first</a>' });
    const { server, page } = open;
    server.fake.reply([{ text: "Some" }, { wait: new Promise(() => undefined) }], "More");
    await page.until("document.querySelector('aleph-widget')");
    await page.press("Tab");
    await page.press("Tab");
    expect(await focused(page)).toBe("launch");
    await page.press("Enter");
    await page.until(`!${inWidget(".dialog")}.hidden && ${inWidget(".notice")}.textContent === ''`);
    expect(await focused(page)).toBe("input");
    await page.press("Escape");
    expect(await page.evaluate(`${inWidget(".dialog")}.hidden`)).toBe(true);
    expect([await focused(page), await page.evaluate(`${inWidget(".launch")}.ariaExpanded`)]).toEqual([
      "launch",
      "false",
    ]);
    await page.press("Enter");
    await page.type("one");
    await page.press("Enter", ["Shift"]);
    await page.type("two");
    await page.press("Enter");
    await answeredInWidget(page, "Some");
    expect(await page.evaluate(`${inWidget(".said > p")}.textContent`)).toBe("one\ntwo");
    await page.press("Tab");
    expect(await page.evaluate(`${inWidget(".act")}.matches(':focus')`)).toBe(true);
    await page.press("Enter");
    await answeredInWidget(page, "Stopped.");
    await page.until(`${inWidget(".input")}.matches(':focus')`, "the focus where one writes");
    expect(await textInWidget(page, ".spoken")).toBe("Answer: Some Stopped.");
    await page.type("again");
    await page.press("Enter");
    await answeredInWidget(page, "More", 2);
    expect(await textInWidget(page, ".spoken")).toBe("Answer: More");
    // Backwards out of the dialog, and into the page again: it is not modal.
    const left: string[] = [];
    for (let count = 0; count < 4; count++) {
      await page.press("Tab", ["Shift"]);
      left.push(await focused(page));
    }
    expect(left).toEqual(["log", "icon", "icon", "A"]);
  });

  for (const [name, shape, scheme] of [
    ["wide, light", { width: 1280, height: 800 }, "light"],
    ["wide, dark", { width: 1280, height: 800 }, "dark"],
    ["phone, light", PHONE, "light"],
    ["phone, dark", PHONE, "dark"],
  ] as const) {
    browserTest(`has nothing that axe-core would find: ${name}`, async (chromium) => {
      await using open = await shop(chromium, { shape });
      const { server, page } = open;
      await page.view.cdp("Emulation.setEmulatedMedia", {
        features: [
          { name: "prefers-color-scheme", value: scheme },
          { name: "prefers-reduced-motion", value: "reduce" },
        ],
      });
      server.fake.reply(
        "# Hours\n\n[Here](https://shop.example) `now`\n\n> quoted\n\n| a |\n|--|\n| b |\n\n```\ncode\n```",
      );
      await page.until("document.querySelector('aleph-widget')");
      const found = [...(await complaintsOf(page))];
      await openWidget(page);
      found.push(...(await complaintsOf(page)));
      await sayInWidget(page, "hi");
      await answeredInWidget(page, "code");
      server.fake.reply({ status: 400, message: "no" });
      await sayInWidget(page, "more");
      await answeredInWidget(page, "Something went wrong", 2);
      found.push(...(await complaintsOf(page)));
      await server.client.call("auth.invites.revoke", { invite_id: open.inviteId });
      await refusal(page);
      found.push(...(await complaintsOf(page)));
      expect(found).toEqual([]);
    });
  }

  browserTest("fills a phone, keeps the focus inside, and has room for fingers", async (chromium) => {
    await using open = await shop(chromium, { shape: PHONE });
    const { server, page } = open;
    server.fake.reply("Hello");
    await openWidget(page);
    await page.settled();
    const box = (selector: string) =>
      page.evaluate<number[]>(
        `(({ x, y, width, height }) => [x, y, width, height].map(Math.round))(${inWidget(selector)}.getBoundingClientRect())`,
      );
    expect(await box(".dialog")).toEqual([0, 0, PHONE.width, PHONE.height]);
    expect(await page.evaluate(`${inWidget(".dialog")}.ariaModal`)).toBe("true");
    await sayInWidget(page, "hi");
    await answeredInWidget(page, "Hello");
    await page.until(`!${inWidget(".icon")}.disabled`);
    const small = await page.evaluate<string[]>(
      `${allInWidget(".dialog button")}.filter((button) => { const { width, height } = button.getBoundingClientRect(); return width > 0 && (width < 44 || height < 44); }).map(({ className }) => className)`,
    );
    expect(small).toEqual([]);
    const places: string[] = [];
    for (let count = 0; count < 6; count++) {
      await page.press("Tab");
      places.push(await focused(page));
    }
    expect(places).toEqual(["act primary", "icon", "icon", "log", "input", "act primary"]);
    for (let count = 0; count < 5; count++) await page.press("Tab", ["Shift"]);
    expect(await focused(page)).toBe("act primary");
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });

  browserTest("speaks the page's language, and looks as the page says", async (chromium) => {
    await using open = await shop(chromium, {
      lang: "zh-CN",
      attributes: { "data-theme": "dark", "data-side": "left" },
    });
    const { page, site, server, invite } = open;
    await openWidget(page);
    expect(
      await page.evaluate(
        `[${inWidget(".title")}.textContent, ${inWidget(".input")}.placeholder, document.querySelector('aleph-widget').lang]`,
      ),
    ).toEqual(["聊天", "您的消息", "zh-CN"]);
    expect(await page.evaluate(`getComputedStyle(${inWidget(".dialog")}).backgroundColor`)).toBe("rgb(23, 22, 19)");
    expect(await page.evaluate<number>(`${inWidget(".dialog")}.getBoundingClientRect().left`)).toBeLessThan(40);
    site.carry(server, { lang: "zh", attributes: { "data-invite": invite, "data-lang": "en" } });
    await page.open("about:blank");
    await page.open(`${site.origin}/`);
    await openWidget(page);
    expect(await textInWidget(page, ".title")).toBe("Chat");
  });

  browserTest("stands as it is whatever the page's styles say", async (chromium) => {
    const styles =
      "<style>* { font: italic 40px serif; letter-spacing: 1em; color: red; text-transform: uppercase } button, aleph-widget { display: none; opacity: 0 }</style>";
    await using open = await shop(chromium, { body: `${styles}<h1>A shop</h1>` });
    const { page } = open;
    await openWidget(page);
    expect(
      await page.evaluate(
        `(({ fontSize, fontStyle, letterSpacing, textTransform, opacity }) => [fontSize, fontStyle, letterSpacing, textTransform, opacity])(getComputedStyle(${inWidget(".hello")}))`,
      ),
    ).toEqual(["15px", "normal", "normal", "none", "1"]);
  });
});
