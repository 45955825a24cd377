/** Visits over the real gateway: who gets in with a page's invite, from where, how often and until when. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Invites } from "../../src/auth/invites.ts";
import { Visits } from "../../src/auth/visits.ts";
import type { Params } from "../../src/client/client.ts";
import { createLog } from "../../src/lib/log.ts";
import { openStore } from "../../src/store/store.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { type Frame, type Frames, openFrames, request } from "../support/frames.ts";
import { until } from "../support/until.ts";

const SHOP = "https://shop.example";
const DAY_MS = 86_400_000;

interface Hello {
  readonly visit: string;
  readonly session_token?: string;
  readonly identity: { readonly id: string; readonly kind: string };
}

type Answered = Frame & { readonly result?: Readonly<Record<string, unknown>> };

function invitePage(app: TestApp, more: Partial<Params<"auth.invites.create">> = {}) {
  return app.client.call("auth.invites.create", { tools: [], origins: [SHOP], budget: { tokens: 10_000 }, ...more });
}

/** A page of `origin` at the socket. */
function pageOf(app: TestApp, origin = SHOP, headers: Readonly<Record<string, string>> = {}): Promise<Frames> {
  return openFrames(app.url, { headers: { origin, ...headers } });
}

async function connect(page: Frames, auth: object): Promise<{ hello?: Hello; reason?: unknown; why?: unknown }> {
  const { result, error } = (await page.ask(request("connect", { auth }, "connect"))) as Answered;
  if (error) return { reason: error.data.reason, ...(error.data.why === undefined ? {} : { why: error.data.why }) };
  return { hello: result as unknown as Hello };
}

async function visit(app: TestApp, auth: object, origin = SHOP): Promise<Frames & { readonly hello: Hello }> {
  const page = await pageOf(app, origin);
  const { hello, reason } = await connect(page, auth);
  if (!hello) throw new Error(String(reason));
  return Object.assign(page, { hello });
}

const ask = async (page: Frames, method: string, params: object = {}): Promise<Answered> =>
  (await page.ask(request(method, params, crypto.randomUUID()))) as Answered;

const invitesOf = async (app: TestApp) => (await app.client.call("auth.invites.list", {})).invites;

describe("a page's invite", () => {
  test("lets in one visitor after another, each with a session of his own", async () => {
    await using app = await conversation();
    app.fake.answer(() => "Hello there");
    const { invite, invite_id } = await invitePage(app);
    using first = await visit(app, { invite });
    using second = await visit(app, { invite });
    expect(first.hello).toMatchObject({
      role: "guest",
      identity: { id: invite_id, kind: "guest" },
      scopes: ["read", "chat"],
    });
    expect(first.hello.session_token).toBeUndefined();
    expect(first.hello.visit).not.toBe(second.hello.visit);
    const keys: unknown[] = [];
    for (const page of [first, second]) {
      const { result } = await ask(page, "session.send", { message: "hi" });
      expect(result).toMatchObject({ text: "Hello there", status: "completed" });
      keys.push(result!.session_key);
    }
    expect(keys).toEqual([expect.stringMatching(/^agent:main:ephemeral:vis_/), expect.stringMatching(/:vis_/)]);
    expect(keys[0]).not.toBe(keys[1]);
    expect((await ask(second, "session.history", { session_key: keys[0] })).error?.data.reason).toBe("forbidden");
    expect(await invitesOf(app)).toEqual([
      expect.objectContaining({ invite_id, origins: [SHOP], uses: null, used: 2, used_at: expect.any(Number) }),
    ]);
  });

  test("is for the origins that it names, letter by letter, and for nobody without one", async () => {
    await using app = await testApp();
    const other = "http://localhost:8080";
    const { invite } = await invitePage(app, { origins: [SHOP, other] });
    await invitePage(app, { origins: ["https://else.example"] });
    using shop = await pageOf(app);
    using local = await pageOf(app, other);
    using elsewhere = await pageOf(app, "https://else.example");
    using nobody = await openFrames(app.url);
    using own = await pageOf(app, app.url);
    expect([await connect(shop, { invite }), await connect(local, { invite })]).toMatchObject([
      { hello: { role: "guest" } },
      { hello: { role: "guest" } },
    ]);
    for (const page of [elsewhere, nobody, own]) {
      expect(await connect(page, { invite })).toEqual({ reason: "auth_failed", why: "origin" });
      expect((await page.closed).code).toBe(4401);
    }
    expect((await invitesOf(app))[0]).toMatchObject({ used: 2 });
  });

  test("opens as many visits as it may, also for many at once", async () => {
    await using app = await testApp();
    const { invite } = await invitePage(app, { uses: 3 });
    const pages = await Promise.all([1, 2, 3, 4, 5].map(() => pageOf(app)));
    const outcomes = await Promise.all(pages.map((page) => connect(page, { invite })));
    expect(outcomes.filter(({ hello }) => hello)).toHaveLength(3);
    expect(outcomes.filter(({ hello }) => !hello)).toEqual(Array(2).fill({ reason: "auth_failed", why: "used_up" }));
    expect((await invitesOf(app))[0]).toMatchObject({ uses: 3, used: 3 });
    for (const page of pages) page[Symbol.dispose]();
  });

  test("that is over or revoked says so, and is no failed login", async () => {
    const clock = { ahead: 0 };
    await using app = await testApp({ now: () => Date.now() + clock.ahead });
    const over = await invitePage(app, { expires_in_ms: DAY_MS });
    const revoked = await invitePage(app, { expires_in_ms: 3 * DAY_MS });
    using here = await visit(app, { invite: revoked.invite });
    await app.client.call("auth.invites.revoke", { invite_id: revoked.invite_id });
    expect((await here.closed).code).toBe(4401);
    expect((await invitesOf(app)).map(({ invite_id }) => invite_id)).toEqual([over.invite_id]);
    expect(app.client.call("auth.invites.revoke", { invite_id: revoked.invite_id })).rejects.toMatchObject({
      reason: "not_found",
    });
    clock.ahead = 2 * DAY_MS;
    for (let tries = 0; tries < 10; tries++) {
      using late = await pageOf(app);
      expect(await connect(late, { invite: over.invite })).toEqual({ reason: "auth_failed", why: "expired" });
      using back = await pageOf(app);
      expect(await connect(back, { invite: revoked.invite, visit: here.hello.visit })).toEqual({
        reason: "auth_failed",
        why: "revoked",
      });
    }
    // Whoever shares the address can still log in.
    using owner = await openFrames(app.url);
    expect(await connect(owner, { token: app.token })).toMatchObject({ hello: { role: "operator" } });
  });

  test("has one allowance for all its visitors", async () => {
    await using app = await conversation();
    app.fake.answer(() => ({ steps: ["Yes"], usage: { input: 90, output: 20 } }));
    const { invite } = await invitePage(app, { budget: { tokens: 100 } });
    using first = await visit(app, { invite });
    using second = await visit(app, { invite });
    expect((await ask(first, "session.send", { message: "one" })).result).toMatchObject({ status: "completed" });
    expect((await ask(second, "session.send", { message: "two" })).error?.data).toMatchObject({
      reason: "budget_exceeded",
      budget: "invite",
    });
    expect(app.fake.requests).toHaveLength(1);
  });

  test("counts once for a visitor who comes again, and the line before that ends", async () => {
    await using app = await conversation();
    app.fake.reply("The first", "The second");
    const { invite } = await invitePage(app, { uses: 1 });
    using first = await visit(app, { invite });
    const { result } = await ask(first, "session.send", { message: "one" });
    using again = await visit(app, { invite, visit: first.hello.visit });
    expect((await first.closed).code).toBe(4401);
    expect(again.hello.visit).toBe(first.hello.visit);
    const { session_key } = result!;
    const history = await ask(again, "session.history");
    expect(history.result).toMatchObject({ messages: [{ content: "one" }, { content: "The first" }] });
    expect((await ask(again, "session.send", { message: "two" })).result).toMatchObject({ session_key });
    using stranger = await pageOf(app);
    expect(await connect(stranger, { invite, visit: "aleph_vis_made_up" })).toEqual({
      reason: "auth_failed",
      why: "used_up",
    });
    const other = await invitePage(app);
    using elsewhere = await visit(app, { invite: other.invite, visit: first.hello.visit });
    expect(elsewhere.hello.visit).not.toBe(first.hello.visit);
  });

  test("ends what it opened when it is revoked: sockets, conversations, runs", async () => {
    await using app = await conversation();
    const stalled = Promise.withResolvers<void>();
    app.fake.reply([{ text: "Begun" }, { wait: stalled.promise }]);
    const { invite, invite_id } = await invitePage(app);
    const { invite: kept } = await invitePage(app);
    using page = await visit(app, { invite });
    using other = await visit(app, { invite });
    using stays = await visit(app, { invite: kept });
    const { result } = await ask(page, "agent.run", { message: "hi" });
    await app.fake.received(1);
    await app.client.call("auth.invites.revoke", { invite_id });
    expect([(await page.closed).code, (await other.closed).code]).toEqual([4401, 4401]);
    expect(await app.fake.requests[0]!.ended).toBe("hung_up");
    stalled.resolve();
    await until(async () =>
      app.client.call("runs.get", { run_id: String(result!.run_id) }).then(
        () => false,
        ({ reason }) => reason === "not_found",
      ),
    );
    expect((await ask(stays, "rpc.ping")).result).toBeDefined();
  });

  test("lets nobody in twice who may come once: one person's invite is as it was", async () => {
    await using app = await testApp();
    await invitePage(app);
    const { invite } = await app.client.call("auth.invites.create", { tools: [] });
    using page = await pageOf(app);
    expect(await connect(page, { invite })).toEqual({ reason: "forbidden" });
    expect((await invitesOf(app))[1]).toMatchObject({ origins: [], uses: 1, used: 0, used_at: null });
    using guest = await openFrames(app.url);
    expect(await connect(guest, { invite, visit: "aleph_vis_x" })).toMatchObject({ hello: { role: "guest" } });
    using late = await openFrames(app.url);
    expect(await connect(late, { invite })).toEqual({ reason: "auth_failed" });
    expect((await invitesOf(app))[1]).toMatchObject({ used: 1, used_at: expect.any(Number) });
  });
});

describe("visitors", () => {
  test("of one network wait after ten visits at once", async () => {
    await using app = await testApp();
    const { invite } = await invitePage(app);
    const pages = await Promise.all(Array.from({ length: 11 }, () => pageOf(app)));
    const outcomes: unknown[] = [];
    for (const page of pages) outcomes.push((await connect(page, { invite })).reason);
    expect(outcomes).toEqual([...Array(10).fill(undefined), "rate_limited"]);
    expect((await invitesOf(app))[0]).toMatchObject({ used: 10 });
    for (const page of pages) page[Symbol.dispose]();
  });

  test.each([0, 20])("write five messages at once and then wait, where others may write %i", async (run) => {
    await using app = await conversation({ config: { limits: { rate: { run } } } });
    app.fake.answer(() => "Yes");
    const { invite } = await invitePage(app);
    using page = await visit(app, { invite });
    const reasons: unknown[] = [];
    for (let count = 0; count < 6; count++) {
      reasons.push((await ask(page, "agent.run", { message: `${count}` })).error?.data.reason);
    }
    expect(reasons).toEqual([...Array(5).fill(undefined), "rate_limited"]);
    using other = await visit(app, { invite });
    expect((await ask(other, "agent.run", { message: "hi" })).error).toBeUndefined();
  });

  test("send no long frame and no file", async () => {
    await using app = await testApp();
    const { invite } = await invitePage(app);
    using page = await visit(app, { invite });
    page.send(JSON.stringify(request("agent.run", { message: "x".repeat(70_000) }, 1)));
    expect((await page.closed).code).toBe(1009);
  });

  test("reach what guests reach and nothing else", async () => {
    await using app = await testApp();
    const { invite } = await invitePage(app);
    using page = await visit(app, { invite });
    for (const [method, params] of [
      ["session.list", {}],
      ["config.get", {}],
      ["auth.invites.list", {}],
      ["approvals.list", {}],
      ["tool.list", {}],
      ["agent.run", { message: "hi", session_key: "agent:main:main" }],
      ["agent.run", { message: "hi", model: "demo" }],
    ] as const) {
      expect([method, (await ask(page, method, params)).error?.data.reason]).toEqual([method, "forbidden"]);
    }
  });
});

describe("a page of another origin", () => {
  test("opens no socket where no invite names it, and a forgotten one names nobody", async () => {
    await using app = await testApp();
    const refused = (origin: string) =>
      pageOf(app, origin).then(
        () => "open",
        () => "refused",
      );
    expect(await refused(SHOP)).toBe("refused");
    await invitePage(app);
    expect(
      await Promise.all(
        ["null", `${SHOP}:444`, "http://shop.example", "https://x.shop.example", `${SHOP}.evil`].map(refused),
      ),
    ).toEqual(Array(5).fill("refused"));
    expect(await refused(SHOP)).toBe("open");
  });

  test("is told nothing before its invite has let it in, and has one try", async () => {
    await using app = await testApp({ config: { auth: { mode: "none" } } });
    const { invite } = await invitePage(app);
    for (const frame of [
      request("connect", {}, 1),
      request("connect", { auth: { token: app.token } }, 1),
      request("connect", { auth: { session_token: "aleph_ses_x" } }, 1),
      request("rpc.ping", {}, 1),
      request("rpc.discover", {}, 1),
      request("session.list", {}, 1),
      [request("session.list", {}, 1), request("connect", { auth: { token: app.token } }, 2)],
      { nothing: true },
    ]) {
      using page = await pageOf(app, SHOP, { cookie: "aleph_session=x" });
      const answer = JSON.stringify(await page.ask(frame));
      expect([frame, answer.includes('"error"'), answer.includes('"result"')]).toEqual([frame, true, false]);
      expect([(await page.closed).code, page.received.filter(({ method }) => method === "event")]).toEqual([4401, []]);
    }
    using quiet = await pageOf(app);
    quiet.send(JSON.stringify(request("rpc.ping")));
    expect((await quiet.closed).code).toBe(4401);
    expect(quiet.received).toEqual([]);
    // What came along with the first frame is not tried behind the refusal.
    using hasty = await pageOf(app);
    for (const auth of [{ token: "wrong" }, { invite }, { invite }])
      hasty.send(JSON.stringify(request("connect", { auth }, 1)));
    expect((await hasty.closed).code).toBe(4401);
    expect(hasty.received).toMatchObject([{ id: 1, error: { data: { reason: "forbidden" } } }]);
    expect((await invitesOf(app))[0]!.used).toBe(0);
    using page = await visit(app, { invite });
    expect((await ask(page, "session.list")).error?.data.reason).toBe("forbidden");
  });

  test("may say what it wants right behind the invite", async () => {
    await using app = await testApp();
    const { invite } = await invitePage(app);
    using page = await pageOf(app);
    page.send(JSON.stringify(request("connect", { auth: { invite } }, 1)));
    page.send(JSON.stringify(request("rpc.ping", {}, 2)));
    expect([await page.next(), await page.next()]).toMatchObject([
      { id: 1, result: { role: "guest" } },
      { id: 2, result: {} },
    ]);
  });
});

describe("Visits", () => {
  async function visits() {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await testFolder());
    const log = createLog({ write: () => undefined, level: () => "error" });
    const store = stack.use(openStore(join(folder.path, "aleph.db"), { log }));
    const clock = { now: 1_000_000, monotonic: 0 };
    const ended: string[] = [];
    const invites = new Invites({ store, now: () => clock.now });
    const made = new Visits({
      invites,
      now: () => clock.now,
      monotonic: () => clock.monotonic,
      onRevoked: (credential) => ended.push(credential.split(" ")[0]!),
      onGuestGone: () => ended.push("session"),
    });
    const { invite } = await invites.create({
      tools: ["time"],
      expiresInMs: DAY_MS,
      budget: { tokens: 1, cost_usd: null },
      origins: [SHOP],
      by: "owner",
    });
    const owned = stack.move();
    return { visits: made, clock, ended, invite, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  test("forgets a visitor five minutes after the last line has ended, and not before", async () => {
    await using t = await visits();
    const line = new AbortController();
    const from = { origin: SHOP, address: "192.0.2.1", ended: line.signal };
    const opened = (await t.visits.open(t.invite, from))!;
    t.clock.monotonic = 3_600_000;
    t.visits.sweep();
    expect(t.ended).toEqual([]);
    line.abort();
    t.clock.monotonic += 299_999;
    t.visits.sweep();
    expect(t.ended).toEqual([]);
    const back = new AbortController();
    const again = (await t.visits.open(t.invite, { ...from, visit: opened.visit, ended: back.signal }))!;
    expect([again.grant, again.visit, t.ended.splice(0)]).toEqual([opened.grant, opened.visit, ["visit"]]);
    back.abort();
    t.clock.monotonic += 300_000;
    t.visits.sweep();
    expect(t.ended).toEqual(["visit", "session"]);
    t.visits.sweep();
    expect(t.ended).toHaveLength(2);
  });

  test("ends all visits of an invite at its end, also of those who are here", async () => {
    await using t = await visits();
    const opened = (await t.visits.open(t.invite, {
      origin: SHOP,
      address: "192.0.2.1",
      ended: new AbortController().signal,
    }))!;
    expect(opened.expiresAt).toBe(t.clock.now + DAY_MS);
    t.clock.now += DAY_MS;
    t.visits.sweep();
    expect(t.ended).toEqual(["visit", "session"]);
  });

  test("counts a line that ended while it was let in as one that has ended", async () => {
    await using t = await visits();
    const gone = AbortSignal.abort();
    await t.visits.open(t.invite, { origin: SHOP, address: "192.0.2.1", ended: gone });
    t.clock.monotonic = 300_000;
    t.visits.sweep();
    expect(t.ended).toEqual(["visit", "session"]);
  });

  test("gives one network twenty places, of IPv6 a whole /64", async () => {
    await using t = await visits();
    const from = (address: string) => ({ origin: SHOP, address, ended: new AbortController().signal });
    for (let count = 0; count < 20; count++) {
      await t.visits.open(t.invite, from(`2001:db8::${count.toString(16)}`));
      t.clock.monotonic += 10_000;
    }
    await expect(t.visits.open(t.invite, from("2001:db8::ffff"))!).rejects.toMatchObject({ reason: "overloaded" });
    expect(await t.visits.open(t.invite, from("2001:db8:0:1::1"))).toMatchObject({ visit: expect.any(String) });
  });

  test("has five hundred places of one invite, also for all who come at once", async () => {
    await using t = await visits();
    const ended = new AbortController().signal;
    const asked = Array.from({ length: 510 }, (_, n) =>
      t.visits.open(t.invite, { origin: SHOP, address: `192.0.${n >> 8}.${n & 255}`, ended }),
    );
    const settled = await Promise.allSettled(asked);
    const refused = settled.flatMap((one) => (one.status === "rejected" ? [one.reason.reason] : []));
    expect(refused).toEqual(Array(10).fill("overloaded"));
  });

  test("knows no other secret", async () => {
    await using t = await visits();
    const from = { origin: SHOP, address: "192.0.2.1", ended: new AbortController().signal };
    expect(t.visits.open("aleph_inv_none", from)).toBeUndefined();
  });
});
