/** The widget on pages of another origin, in a real browser: what a visitor does, and what nobody can. */
import { describe, expect } from "bun:test";
import { type Conversation, conversation } from "../support/conversation.ts";
import { until } from "../support/until.ts";
import { complaintsOf } from "./axe.ts";
import {
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

const WITHOUT_WORD = /WebSocket connection .* failed/;

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
    await sayInWidget(page, "When is it open?");
    await answeredInWidget(page, "see the page (shop.example).");
    expect(await page.evaluate(`${inWidget(".answer strong")}.textContent`)).toBe("open");
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
    const { sessions } = await server.client.call("session.list", {});
    const kept = server.app.constructor.name === "" ? [] : sessions.filter(({ kind }) => kind !== "guest");
    expect(kept).toEqual([]);
    expect(page.complaints).toEqual([]);
  });
});
