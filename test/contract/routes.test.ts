/** Every HTTP route, with who may ask and, of those with a token, the scope that it needs. A route without a row here is a door that nobody has thought about. */
import { describe, expect, test } from "bun:test";
import { routes } from "../../src/gateway/routes/index.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { openFrames, request } from "../support/frames.ts";
import { inviteGuest } from "../support/guest.ts";
import { logIn } from "../support/panel-login.ts";

const TABLE: Readonly<Record<keyof typeof routes, string>> = {
  "GET /health": "public",
  "GET /ready": "public",
  "GET /metrics": "loopback",
  "GET /": "public",
  "GET /:file{(?:[\\w.-]+-[a-z0-9]{8}\\.(?:js|css|svg)|sw\\.js|manifest\\.webmanifest|icon-[a-z0-9-]+\\.png)}":
    "public",
  "GET /widget.js": "public",
  "GET /media/:id": "public",
  "GET /login": "public",
  "POST /auth/login": "public",
  "POST /auth/logout": "public",
  "POST /auth/logout/everywhere": "public",
  "ALL /mcp": "token, read",
  "GET /.well-known/agent-card.json": "public",
  "POST /a2a": "token, chat",
  "POST /channels/:id": "public",
  "POST /hooks/:name": "public",
  "ALL /plugins/*": "public",
  "POST /v1/chat/completions": "api_key, chat",
  "POST /v1/responses": "api_key, chat",
  "GET /v1/responses/:id": "api_key, chat",
  "DELETE /v1/responses/:id": "api_key, chat",
  "POST /v1/responses/:id/cancel": "api_key, chat",
  "GET /v1/responses/:id/input_items": "api_key, chat",
  "GET /v1/models": "api_key, chat",
  "GET /v1/models/:id{.+}": "api_key, chat",
  "POST /v1/embeddings": "api_key, chat",
  "POST /v1/images/generations": "api_key, chat",
  "POST /v1/audio/transcriptions": "api_key, chat",
  "GET /v1/health": "public",
  "POST /v1/messages": "api_key, chat",
};

const loaded = await Promise.all(Object.entries(routes).map(async ([name, load]) => [name, await load()] as const));

describe("routes × rights", () => {
  test("the table has a row for each route, and each row is what the route declares", () => {
    expect<object>(
      Object.fromEntries(loaded.map(([name, { auth, scope }]) => [name, scope ? `${auth}, ${scope}` : auth])),
    ).toEqual(TABLE);
  });

  test("what needs a token says so to who has none, before it looks at anything", async () => {
    await using app = await testApp();
    for (const [name, { auth }] of loaded) {
      if (auth === "public" || auth === "loopback") continue;
      const [method, path] = name.split(" ") as [string, string];
      for (const headers of [
        {},
        { cookie: "aleph_session=x", origin: app.url },
        { authorization: "Basic eDp5" },
      ] as Record<string, string>[]) {
        const answer = await fetch(app.url + path.replace(/:id(?:\{.*\})?/, "x"), { method, headers });
        expect({ name, status: answer.status }).toEqual({ name, status: 401 });
        expect([answer.headers.get("www-authenticate"), answer.headers.get("x-frame-options")]).toEqual([
          "Bearer",
          "DENY",
        ]);
      }
    }
  });
});

/**
 * What each route says to no token, a wrong one, one that may read and one that may all. `in` is anything but a refusal:
 * nobody asks for something sensible here. Session tokens and invites are for sockets: shown here they are wrong tokens.
 */
const WANTED: Readonly<Record<keyof typeof routes, string>> = {
  "GET /health": "in, in, in, in",
  "GET /ready": "in, in, in, in",
  "GET /metrics": "in, 401, in, in",
  "GET /": "in, in, in, in",
  "GET /:file{(?:[\\w.-]+-[a-z0-9]{8}\\.(?:js|css|svg)|sw\\.js|manifest\\.webmanifest|icon-[a-z0-9-]+\\.png)}":
    "in, in, in, in",
  "GET /widget.js": "in, in, in, in",
  "GET /media/:id": "401, 401, in, in",
  "GET /login": "in, in, in, in",
  "POST /auth/login": "in, in, in, in",
  "POST /auth/logout": "in, in, in, in",
  "POST /auth/logout/everywhere": "401, 401, 401, 401",
  "GET /.well-known/agent-card.json": "in, in, in, in",
  "POST /a2a": "401, 401, 403, in",
  "ALL /mcp": "401, 401, in, in",
  "POST /channels/:id": "in, in, in, in",
  "POST /hooks/:name": "in, in, in, in",
  "ALL /plugins/*": "401, 401, 403, in",
  "POST /v1/chat/completions": "401, 401, 403, in",
  "POST /v1/responses": "401, 401, 403, in",
  "GET /v1/responses/:id": "401, 401, 403, in",
  "DELETE /v1/responses/:id": "401, 401, 403, in",
  "POST /v1/responses/:id/cancel": "401, 401, 403, in",
  "GET /v1/responses/:id/input_items": "401, 401, 403, in",
  "GET /v1/models": "401, 401, 403, in",
  "GET /v1/models/:id{.+}": "401, 401, 403, in",
  "POST /v1/embeddings": "401, 401, 403, in",
  "POST /v1/images/generations": "401, 401, 403, in",
  "POST /v1/audio/transcriptions": "401, 401, 403, in",
  "GET /v1/health": "in, in, in, in",
  "POST /v1/messages": "401, 401, 403, in",
};

/** What each route says to this token: its own word for a refusal. */
async function answers(app: TestApp, token: string | undefined): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const [name] of loaded) {
    const [method, path] = name.split(" ") as [string, string];
    const answer = await fetch(app.url + path.replace("*", "none/x").replace(/:\w+(?:\{.*\})?/, "x"), {
      method: method === "ALL" ? "POST" : method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    said[name] = [401, 403, 429].includes(answer.status) ? String(answer.status) : "in";
  }
  return said;
}

const column = (at: number) =>
  Object.fromEntries(Object.entries(WANTED).map(([name, row]) => [name, row.split(", ")[at]!]));

/** As a wrong one; who tries too often has to wait, which is no way in either. */
const wrong = Object.fromEntries(
  Object.entries(column(1)).map(([name, said]) => [
    name,
    said === "401" ? expect.stringMatching(/^4(?:01|29)$/) : said,
  ]),
);

describe("routes × identities", () => {
  test("no token", async () => {
    await using app = await testApp();
    expect(await answers(app, undefined)).toEqual(column(0));
  }, 60_000);

  test("a token that may read, and the owner's", async () => {
    await using app = await testApp();
    const { token } = await app.client.call("auth.tokens.create", { name: "reader", scopes: ["read"] });
    expect(await answers(app, token)).toEqual(column(2));
    expect(await answers(app, app.token)).toEqual(column(3));
  }, 60_000);

  test("a wrong token", async () => {
    await using app = await testApp();
    expect(await answers(app, "wrong")).toEqual(wrong);
  }, 60_000);

  test("what opens sockets: the invite and the session of a guest, the session of a node, of an ended device, an old one", async () => {
    const clock = { ahead: 0 };
    await using app = await testApp({ now: () => Date.now() + clock.ahead });
    using guest = await inviteGuest(app);
    const { code } = await app.client.call("auth.pairing.invite", { role: "node" });
    const node = await connectDevice(app.url, await testDevice(), { pairingCode: code, role: "node", scopes: [] });
    using _ = node.socket;
    const fresh = await app.client.call("auth.invites.create", { tools: [] });
    const device = await testDevice();
    const paired = await connectDevice(app.url, device, {
      pairingCode: (await app.client.call("auth.pairing.invite", {})).code,
    });
    await app.client.call("auth.devices.revoke", { device_id: device.id });
    expect((await paired.socket.closed).code).toBe(4401);
    using own = await openFrames(app.url);
    const hello = await own.ask(request("connect", { auth: { token: app.token } }, 1));
    const sessionOf = (result: unknown) => String((result as { session_token: string }).session_token);
    const expired = sessionOf((hello as { result: unknown }).result);
    const shown = {
      invite: fresh.invite,
      guest: sessionOf(guest.hello),
      node: sessionOf(node.answer.result),
      ended: sessionOf(paired.answer.result),
      live: expired,
    };
    for (const [name, token] of Object.entries(shown)) {
      expect([name, await answers(app, token)]).toEqual([name, wrong]);
    }
    clock.ahead = 25 * 3_600_000;
    expect(await answers(app, expired)).toEqual(wrong);
  }, 60_000);

  test("logging out everywhere needs a login's cookie, and its origin", async () => {
    await using app = await testApp();
    const [login, other] = [await logIn(app.url, app.token), await logIn(app.url, app.token)];
    const ask = (headers: Record<string, string>) =>
      fetch(`${app.url}/auth/logout/everywhere`, { method: "POST", headers });
    expect((await ask({ cookie: login.cookie })).status).toBe(403);
    expect((await ask({ cookie: login.cookie, origin: "http://localhost:1" })).status).toBe(403);
    const done = await ask({ cookie: login.cookie, origin: app.url });
    expect([done.status, await done.json()]).toEqual([200, { ended: expect.any(Number) }]);
    for (const { cookie } of [login, other]) expect((await ask({ cookie, origin: app.url })).status).toBe(401);
  }, 60_000);
});
