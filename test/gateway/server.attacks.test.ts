/** Attacks on the port by somebody who may say whatever they like over TCP, and knows no secret. */
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { formatLogLine } from "../../src/lib/log.ts";
import { defineRoute } from "../../src/sdk/route.ts";
import { testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { testGateway } from "../support/gateway.ts";
import { openGuest } from "../support/guest.ts";
import { openTcp, rawHttp } from "../support/raw-http.ts";

/** All status codes that come back until the server closes. */
async function sendRaw(url: string, text: string): Promise<number[]> {
  const { hostname, port } = new URL(url);
  const socket = await openTcp(hostname, Number(port));
  let got = "";
  socket.on("data", (data: Buffer) => {
    got += data.toString("latin1");
  });
  // A server that has heard enough resets the connection while we still speak.
  socket.on("error", () => socket.destroy());
  const closed = once(socket, "close");
  socket.end(text, "latin1");
  await closed;
  return [...got.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

describe("requests that hide another one", () => {
  const inner = (host: string) => `GET /second HTTP/1.1\r\n${host}\r\n\r\n`;
  const post = (host: string, headers: readonly string[], body: string) =>
    `POST /first HTTP/1.1\r\n${[host, ...headers].join("\r\n")}\r\n\r\n${body}`;
  const shapes: Readonly<Record<string, (host: string) => string>> = {
    "length and chunks": (host) =>
      post(
        host,
        [`Content-Length: ${5 + inner(host).length}`, "Transfer-Encoding: chunked"],
        `0\r\n\r\n${inner(host)}`,
      ),
    "chunks and a short length": (host) =>
      post(
        host,
        ["Content-Length: 4", "Transfer-Encoding: chunked"],
        `${inner(host).length.toString(16)}\r\n${inner(host)}\r\n0\r\n\r\n`,
      ),
    "two lengths": (host) => post(host, ["Content-Length: 0", `Content-Length: ${inner(host).length}`], inner(host)),
    "lengths in a list": (host) => post(host, [`Content-Length: 0, ${inner(host).length}`], inner(host)),
    "a length with a sign": (host) => post(host, ["Content-Length: +0"], inner(host)),
    "a length below nothing": (host) => post(host, ["Content-Length: -1"], inner(host)),
    "chunks by another name": (host) => post(host, ["Transfer-Encoding: xchunked"], `0\r\n\r\n${inner(host)}`),
    "chunks with a space before the colon": (host) =>
      post(host, ["Transfer-Encoding : chunked"], `0\r\n\r\n${inner(host)}`),
    "two encodings": (host) =>
      post(host, ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${inner(host)}`),
    "an encoding in a folded header": (host) =>
      post(host, ["X-A: x", " Transfer-Encoding: chunked", "Content-Length: 0"], inner(host)),
    "a chunk whose size is no number": (host) =>
      post(host, ["Transfer-Encoding: chunked"], `zz\r\n${inner(host)}\r\n0\r\n\r\n`),
    "a chunk of more than there can be": (host) =>
      post(host, ["Transfer-Encoding: chunked"], `ffffffffffffffff1\r\nabc\r\n0\r\n\r\n${inner(host)}`),
    "a folded header": (host) => `GET /first HTTP/1.1\r\n${host}\r\nX-A: one\r\n two\r\n\r\n${inner(host)}`,
    "lines that end in LF": (host) => `GET /first HTTP/1.1\n${host}\n\n${inner(host)}`,
    "a header with NUL": (host) => `GET /first HTTP/1.1\r\n${host}\r\nX-A: a\0b\r\n\r\n${inner(host)}`,
    "a header with CR": (host) => `GET /first HTTP/1.1\r\n${host}\r\nX-A: a\rb\r\n\r\n${inner(host)}`,
    "a header without a colon": (host) => `GET /first HTTP/1.1\r\n${host}\r\nXA\r\n\r\n${inner(host)}`,
    "no Host": (host) => `GET /first HTTP/1.1\r\n\r\n${inner(host)}`,
    "a header of 200 KB": (host) =>
      `GET /first HTTP/1.1\r\n${host}\r\nX-A: ${"a".repeat(200_000)}\r\n\r\n${inner(host)}`,
    "5,000 headers": (host) => `GET /first HTTP/1.1\r\n${host}\r\n${"X-B: b\r\n".repeat(5_000)}\r\n${inner(host)}`,
    "HTTP/0.9": (host) => `GET /first\r\n\r\n${inner(host)}`,
    "a line break in the path": (host) => `GET /fi\r\nrst HTTP/1.1\r\n${host}\r\n\r\n${inner(host)}`,
  };

  test.each(Object.entries(shapes))("%s: refused, and what stands behind is no request", async (_name, shape) => {
    const reached: string[] = [];
    const seen = (name: string) =>
      defineRoute({
        auth: "public",
        async handle(_needs: object, { request: given }) {
          // A body that is cut off is no body.
          reached.push(`${name} ${await given.text().catch(() => "broken")}`);
          return new Response(name);
        },
      });
    await using g = await testGateway({
      routes: { "POST /first": seen("first"), "GET /first": seen("first"), "GET /second": seen("second") },
    });
    const statuses = await sendRaw(g.url, shape(`Host: ${new URL(g.url).host}`));
    expect(statuses.filter((status) => status < 400)).toEqual([]);
    expect(reached.filter((what) => what !== "first broken")).toEqual([]);
    expect((await fetch(`${g.url}/second`)).status).toBe(200);
  });
});

describe("what only proxies may say", () => {
  test("changes nothing when no proxy is named: neither the name, nor the address, nor the protocol", async () => {
    await using app = await testApp();
    const { host } = new URL(app.url);
    const status = async (...headers: string[]) => (await rawHttp(app.url, { path: "/metrics", headers })).status;
    const named = `Host: ${host}`;
    expect(await status(named)).toBe(200);
    expect(await status("Host: evil.example", `X-Forwarded-Host: ${host}`)).toBe(403);
    expect(await status(named, `Origin: https://${host}`, "X-Forwarded-Proto: https")).toBe(403);
    for (const header of [
      "X-Forwarded-For: 127.0.0.1",
      "X-Real-IP: 127.0.0.1",
      "Forwarded: for=127.0.0.1",
      "Via: 1.1 x",
    ]) {
      expect([header, await status(named, header)]).toEqual([header, 401]);
    }
  });

  test("is no new address for somebody who guesses", async () => {
    await using app = await testApp();
    const named = `Host: ${new URL(app.url).host}`;
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) {
      const headers = [named, `X-Forwarded-For: 203.0.113.${i}`, "Authorization: Bearer wrong"];
      statuses.push((await rawHttp(app.url, { path: "/v1/models", headers })).status);
    }
    expect(statuses.slice(0, 5)).toEqual(Array(5).fill(401));
    expect(statuses.slice(5)).toEqual([429, 429]);
  });
});

describe("claims in connect", () => {
  test("give nothing that the server has not granted", async () => {
    await using app = await testApp();
    const { token } = await app.client.call("auth.tokens.create", { name: "reader", scopes: ["read"] });
    const claims = [
      { scopes: ["read", "admin"] },
      { role: "operator", scopes: ["admin", "write", "approve", "chat", "read"] },
      { role: "node" },
      { grant: { scopes: ["admin"] }, identity: { id: "owner", kind: "owner" } },
    ];
    for (const claim of claims) {
      using socket = await openFrames(app.url);
      const { result } = (await socket.ask(request("connect", { auth: { token }, ...claim }, 1))) as {
        result: Record<string, unknown>;
      };
      expect(result).toMatchObject({ identity: { kind: "owner" }, role: "operator", scopes: ["read"] });
      expect((result.identity as { id: string }).id).toStartWith("tok_");
      expect(await socket.ask(request("config.reload", {}, 2))).toMatchObject({
        error: { data: { reason: "forbidden" } },
      });
    }
  });
});

describe("guesses", () => {
  test("of a pairing code, an invite or a token wait longer and longer, and the right one waits too", async () => {
    await using app = await testApp();
    const { code } = await app.client.call("auth.pairing.invite", {});
    const device = await testDevice();
    const reasons: unknown[] = [];
    for (let i = 0; i < 7; i++) {
      const { answer, socket } = await connectDevice(app.url, device, { pairingCode: `2222222${i + 2}` });
      socket[Symbol.dispose]();
      reasons.push(answer.error?.data.reason);
    }
    expect(reasons).toEqual([...Array(5).fill("auth_failed"), "rate_limited", "rate_limited"]);
    const right = await connectDevice(app.url, device, { pairingCode: code });
    right.socket[Symbol.dispose]();
    expect(right.answer.error?.data.reason).toBe("rate_limited");
    const { invite_id, invite } = await app.client.call("auth.invites.create", { tools: [] });
    expect(openGuest(app.url, invite_id, { invite })).rejects.toThrow("rate_limited");
    using socket = await openFrames(app.url);
    const late = (await socket.ask(request("connect", { auth: { token: app.token } }, 1))) as Frame;
    expect(late.error?.data.reason).toBe("rate_limited");
  });
});

describe("a token in a URL", () => {
  test("opens nothing and stands in no log", async () => {
    await using app = await testApp({ config: { log: { level: "debug" } } });
    for (const name of ["token", "access_token", "api_key", "key", "auth"]) {
      const query = `${name}=${encodeURIComponent(app.token)}`;
      for (const path of ["/v1/models", "/mcp", "/media/x", "/plugins/x/y"]) {
        const { status } = await fetch(`${app.url}${path}?${query}`);
        expect([path, status]).toEqual([path, 401]);
      }
      const socket = new WebSocket(`${app.wsUrl}?${query}`);
      const frames: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.onmessage = ({ data }) => {
        frames.push(String(data));
        if (frames.length === 2) resolve();
      };
      socket.onopen = () => socket.send(JSON.stringify(request("auth.whoami", {}, 1)));
      await promise;
      socket.close();
      expect(frames[1]).toContain("unauthenticated");
    }
    expect(JSON.stringify(app.logs)).not.toContain(app.token);
  });
});

describe("paths that lead out", () => {
  const paths = [
    "/../../etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/.%00./etc/passwd",
    "/..\\..\\etc\\passwd",
    "/main-abcdefgh.js/../../credentials/token",
    "/..%2fcredentials%2ftoken-abcdefgh.js",
    "/%2e%2e%2fcredentials%2ftoken-abcdefgh.css",
    "/media/../credentials/token",
    "/media/..%2f..%2fcredentials%2ftoken",
    "/media/%2e%2e%2fcredentials%2ftoken",
    "/media/media_%2e%2e%2f%2e%2e",
    "/plugins/../credentials/token",
    "/plugins/..%2f..%2fcredentials/token",
    "/plugins/x/..%2f..%2f..%2fcredentials%2ftoken",
    "/v1/responses/..%2f..%2fcredentials%2ftoken",
    "/v1/models/..%2f..%2f..%2fetc%2fpasswd",
  ];

  test.each(paths)("%s gives nothing", async (path) => {
    await using app = await testApp();
    const headers = [`Host: ${new URL(app.url).host}`, `Authorization: Bearer ${app.token}`];
    const answer = await rawHttp(app.url, { path, headers });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).not.toMatch(/root:|aleph_own_/);
  });
});

describe("names that strangers choose", () => {
  const nasty = "x\r\nlevel=error forged\u001b[2J\u001b]0;title\u0007\u0000\u202e\u2028end";

  test("break no line of the log and move no terminal", async () => {
    await using app = await testApp({ config: { log: { level: "debug" } } });
    const device = await testDevice();
    using socket = await openFrames(app.url);
    socket.send(JSON.stringify(request(nasty, {}, nasty)));
    await socket.next();
    const client = { id: nasty.slice(0, 64), version: nasty, platform: nasty };
    await socket.ask(request("connect", { client, auth: { token: app.token } }, 1));
    await socket.ask(request(nasty, { [nasty]: nasty }, 2));
    await socket.ask(request("events.subscribe", { pattern: nasty }, 3));
    await socket.ask(request("auth.pairing.approve", { pairing: nasty.slice(0, 64) }, 4));
    await socket.ask(request("session.create", { session_key: nasty, title: nasty }, 5));
    await fetch(`${app.url}/${encodeURIComponent(nasty)}`, { headers: { "user-agent": "a\u001b[2Jb" } });
    const asked = await connectDevice(app.url, device, { clientId: nasty });
    asked.socket[Symbol.dispose]();
    expect(asked.answer.error?.data.reason).toBe("pairing_required");
    const { pairings } = await app.client.call("auth.pairing.list", {});
    expect(pairings).toMatchObject([{ name: expect.stringMatching(/^x\?\?level=error forged\?\[2J[\x20-\x7e]*$/) }]);
    expect(app.logs.length).toBeGreaterThan(0);
    for (const entry of app.logs) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there
      expect(formatLogLine(entry)).not.toMatch(/[\x00-\x1f\x7f]/);
    }
    const { error } = (await socket.ask(request("auth.tokens.create", { name: nasty, scopes: ["read"] }, 6))) as Frame;
    expect(error?.data.reason).toBe("invalid_params");
  });
});
