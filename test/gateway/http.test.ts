import { describe, expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { defineRoute } from "../../src/sdk/route.ts";
import { TOKEN, testGateway } from "../support/gateway.ts";
import { rawHttp } from "../support/raw-http.ts";

const SECRET = `aleph_own_${"s".repeat(43)}`;

const ROUTES = {
  "GET /open": defineRoute({
    auth: "public",
    handle: (_, { grant, secure }) => Response.json({ grant: grant ?? null, secure }),
  }),
  "GET /token": defineRoute({ auth: "token", handle: (_, { grant }) => Response.json(grant) }),
  "GET /local": defineRoute({ auth: "loopback", handle: (_, { grant }) => Response.json(grant ?? null) }),
  "POST /body": defineRoute({
    auth: "public",
    handle: async (_, { request }) => new Response(String((await request.text()).length)),
  }),
  "GET /own-header": defineRoute({
    auth: "public",
    handle: () => new Response("x", { headers: { "x-frame-options": "SAMEORIGIN" } }),
  }),
  "GET /throws": defineRoute({
    auth: "public",
    handle: () => {
      throw new TypeError(`broken in /root/secret/place with ${SECRET}`);
    },
  }),
  "GET /rejects": defineRoute({ auth: "public", handle: () => Promise.reject("text") }),
  "GET /refuses": defineRoute({
    auth: "public",
    handle: () => {
      throw new AlephError("rate_limited", `Not now, ${SECRET}`, {
        cause: new Error("/root/cause"),
        data: { retry_after_ms: 1500 },
      });
    },
  }),
};

/** What every answer must have. */
const SECURITY = {
  "content-security-policy": expect.stringContaining("default-src 'none'"),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": expect.any(String),
};

describe("http", () => {
  test("every answer has the security headers, whatever becomes of the request", async () => {
    await using server = await testGateway({ routes: ROUTES });
    for (const [path, init, status] of [
      ["/open", {}, 200],
      ["/open", { method: "HEAD" }, 200],
      ["/open", { method: "POST" }, 405],
      ["/nothing", {}, 404],
      ["/token", {}, 401],
      ["/throws", {}, 500],
      ["/rejects", {}, 500],
      ["/refuses", {}, 429],
      ["/ws", {}, 426],
      ["/open", { headers: { origin: "http://evil.example" } }, 403],
      ["/body", { method: "POST", body: "x".repeat(1024 * 1024 + 1) }, 413],
    ] as const) {
      const answer = await fetch(server.url + path, init as RequestInit);
      expect({ path, status: answer.status, ...Object.fromEntries(answer.headers) }).toMatchObject({
        path,
        status,
        ...SECURITY,
      });
    }
    const own = await fetch(`${server.url}/own-header`);
    expect(own.headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });

  test("what a route throws reaches the caller without stack, path or secret, and the log with its stack", async () => {
    await using server = await testGateway({ routes: ROUTES });
    for (const path of ["/throws", "/rejects"]) {
      expect(await (await fetch(server.url + path)).json()).toEqual({
        error: { message: "Internal error", reason: "internal", data: { reason: "internal" } },
      });
    }
    expect(server.logs.map(({ level, message }) => [level, message])).toEqual([
      ["error", "http request failed"],
      ["error", "http request failed"],
    ]);
    expect(server.logs[0]!.fields.stack).toContain("broken in");
    expect(JSON.stringify(server.logs)).not.toContain("ssss");
  });

  test("an error that is meant for the caller has its status, its words masked, and when to come again", async () => {
    await using server = await testGateway({ routes: ROUTES });
    const answer = await fetch(`${server.url}/refuses`);
    expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("cache-control")]).toEqual([
      429,
      "2",
      "no-store",
    ]);
    expect(await answer.json()).toEqual({
      error: {
        message: "Not now, [masked]",
        reason: "rate_limited",
        data: { retry_after_ms: 1500, reason: "rate_limited" },
      },
    });
  });

  test.each(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST", "PROPFIND"])(
    "%s is 405 with what is allowed where a path does not take it, and 404 where there is none",
    async (method) => {
      await using server = await testGateway({ routes: ROUTES });
      const { host } = new URL(server.url);
      const known = await rawHttp(server.url, { method, path: "/open", headers: [`Host: ${host}`] });
      expect([known.status, known.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(JSON.parse(known.body)).toMatchObject({ error: { reason: "invalid_request" } });
      const unknown = await rawHttp(server.url, { method, path: "/nothing", headers: [`Host: ${host}`] });
      expect(unknown.status).toBe(404);
    },
  );

  test("GET is 405 where only POST is taken, HEAD has no body", async () => {
    await using server = await testGateway({ routes: ROUTES });
    const get = await fetch(`${server.url}/body`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const head = await fetch(`${server.url}/open`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${server.url}/body`, { method: "HEAD" })).status).toBe(405);
  });

  test("a body over max_payload is 413 before a route sees it, also when nobody said how long it is", async () => {
    await using server = await testGateway({ routes: ROUTES, settings: { max_payload: 10_000 } });
    const post = (body: BodyInit) => fetch(`${server.url}/body`, { method: "POST", body });
    expect(await (await post("x".repeat(10_000))).text()).toBe("10000");
    const tooLarge = await post("x".repeat(10_001));
    expect([tooLarge.status, await tooLarge.json()]).toEqual([
      413,
      {
        error: {
          message: "A body may have 10000 bytes",
          reason: "payload_too_large",
          data: { hint: "[gateway].max_payload in config.toml sets the limit", reason: "payload_too_large" },
        },
      },
    ]);
    expect((await post("x".repeat(1_000_000))).status).toBe(413);
    const { host } = new URL(server.url);
    const chunks = `${"2000\r\n".replace("2000", (8192).toString(16))}${"y".repeat(8192)}\r\n`.repeat(4);
    const chunked = await rawHttp(server.url, {
      method: "POST",
      path: "/body",
      headers: [`Host: ${host}`, "Transfer-Encoding: chunked", "", `${chunks}0\r\n\r\n`],
    });
    expect(chunked.status).toBe(413);
  });

  test("a bearer token is asked for where a route says so, and nothing else will do", async () => {
    await using server = await testGateway({ routes: ROUTES });
    const ask = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(server.url + path, { headers });
      return [answer.status, answer.headers.get("www-authenticate")];
    };
    expect(await ask("/token", { authorization: `Bearer ${TOKEN}` })).toEqual([200, null]);
    expect(await ask("/token", { authorization: `bearer  ${TOKEN}` })).toEqual([200, null]);
    expect(await ask("/token")).toEqual([401, "Bearer"]);
    expect(await ask("/token", { authorization: TOKEN })).toEqual([401, "Bearer"]);
    expect(await ask("/token", { authorization: `Basic ${btoa(`owner:${TOKEN}`)}` })).toEqual([401, "Bearer"]);
    expect(await ask("/token", { authorization: "Bearer wrong" })).toEqual([401, "Bearer"]);
    expect(await ask(`/token?token=${TOKEN}&access_token=${TOKEN}`)).toEqual([401, "Bearer"]);
    expect(await ask("/token", { cookie: `aleph_session=${TOKEN}` })).toEqual([401, "Bearer"]);
  });

  test("wrong bearer tokens are counted, and the right one has to wait with them", async () => {
    let now = 0;
    await using server = await testGateway({ routes: ROUTES, monotonic: () => now });
    const ask = async (token: string) =>
      (await fetch(`${server.url}/token`, { headers: { authorization: `Bearer ${token}` } })).status;
    const statuses: number[] = [];
    for (let index = 0; index < 7; index++) statuses.push(await ask("wrong"));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await ask(TOKEN)).toBe(429);
    now = 1000;
    expect(await ask(TOKEN)).toBe(200);
  });

  test("a loopback route is for programs of this machine that ask for this machine themselves", async () => {
    await using server = await testGateway({ routes: ROUTES, settings: { allowed_hosts: ["panel.example"] } });
    const { host } = new URL(server.url);
    const ask = async (...headers: string[]) => (await rawHttp(server.url, { path: "/local", headers })).status;
    expect(await ask(`Host: ${host}`)).toBe(200);
    expect(await ask("Host: panel.example")).toBe(401);
    for (const header of [
      "X-Forwarded-For: 203.0.113.9",
      "Forwarded: for=203.0.113.9",
      "X-Real-IP: 203.0.113.9",
      "Via: 1.1 proxy",
    ]) {
      expect(await ask(`Host: ${host}`, header)).toBe(401);
      expect(await ask(`Host: ${host}`, header, `Authorization: Bearer ${TOKEN}`)).toBe(200);
    }
    expect(await ask("Host: panel.example", `Authorization: Bearer ${TOKEN}`)).toBe(200);
    // Who shows a token is judged by it, also here.
    expect(await ask(`Host: ${host}`, "Authorization: Bearer wrong")).toBe(401);
  });

  test("with auth.mode none a token route asks for none", async () => {
    await using server = await testGateway({ routes: ROUTES, mode: () => "none" });
    expect(await (await fetch(`${server.url}/token`)).json()).toMatchObject({ identity: { id: "owner" } });
  });

  test("a page behind a proxy that ends TLS is told apart by its own address", async () => {
    await using server = await testGateway({
      routes: ROUTES,
      settings: { allowed_origins: ["https://panel.example"] },
    });
    const secure = await fetch(`${server.url}/open`, { headers: { origin: "https://panel.example" } });
    const plain = await fetch(`${server.url}/open`, { headers: { origin: server.url } });
    expect([await secure.json(), await plain.json()]).toEqual([
      { grant: null, secure: true },
      { grant: null, secure: false },
    ]);
  });

  test("nothing of a path is decoded, joined or looked up", async () => {
    await using server = await testGateway({ routes: ROUTES });
    const { host } = new URL(server.url);
    for (const path of [
      "/..%2f..%2fetc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "//evil.example/open",
      "/open/../open%00",
      "/OPEN",
      "/open/",
    ]) {
      const answer = await rawHttp(server.url, { path, headers: [`Host: ${host}`] });
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
  });
});
