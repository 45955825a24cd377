import { describe, expect, spyOn, test } from "bun:test";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { TOKEN, testGateway } from "../support/gateway.ts";
import { openTcp, UPGRADE } from "../support/raw-http.ts";
import { until } from "../support/until.ts";

const UNAUTHENTICATED = (name: string, id: unknown) => ({
  jsonrpc: "2.0",
  id,
  error: {
    code: -32001,
    message: `"connect" must come before "${name}"`,
    data: { hint: 'Call connect with auth: {"token": "…"} first', reason: "unauthenticated" },
  },
});

describe("connection: handshake", () => {
  test("a new connection is greeted with a nonce of its own and nothing else", async () => {
    await using server = await testGateway();
    using one = await openFrames(server.url);
    using two = await openFrames(server.url);
    await until(() => one.received.length > 0 && two.received.length > 0);
    const greetings = [...one.received, ...two.received];
    expect(greetings).toEqual(
      [1, 2].map(() => ({
        jsonrpc: "2.0",
        method: "event",
        params: {
          topic: "connect.challenge",
          seq: 0,
          ts: expect.any(Number),
          data: { nonce: expect.any(String), ts: expect.any(Number) },
        },
      })) as never,
    );
    expect(new Set(greetings.map(({ params }) => params!.data.nonce)).size).toBe(2);
  });

  test("nothing but connect is answered before connect, and nobody learns which methods there are", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    for (const name of ["rpc.ping", "no.such", "auth.whoami", "events.subscribe"]) {
      expect(await socket.ask(request(name, {}, 1))).toEqual(UNAUTHENTICATED(name, 1));
    }
    expect(await socket.ask(request("auth.connect", { auth: { token: TOKEN } }, 2))).toMatchObject({
      id: 2,
      result: { identity: { id: "owner", kind: "owner" }, role: "operator" },
    });
    expect(await socket.ask(request("rpc.ping", {}, 3))).toMatchObject({ result: { pong: true } });
  });

  test("connect without credentials is refused, and the client may try again", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    expect(await socket.ask(request("connect", {}, 1))).toMatchObject({
      error: { code: -32001, data: { reason: "unauthenticated" } },
    });
    expect(await socket.ask(request("connect", { auth: { token: TOKEN } }, 2))).toMatchObject({
      result: { protocol: 1 },
    });
  });

  test.each([
    ["wrong", { token: "wrong" }],
    ["empty", { token: "" }],
    ["one character short", { token: TOKEN.slice(0, -1) }],
    ["one character long", { token: `${TOKEN}x` }],
    ["of a session that there is not", { session_token: "aleph_ses_nothing" }],
    ["the owner's token as a session", { session_token: TOKEN }],
  ])("a credential that is %s is answered and then closed with 4401", async (_, auth) => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    expect(await socket.ask(request("connect", { auth }, 1))).toMatchObject({
      id: 1,
      error: { code: -32001, data: { reason: "auth_failed" } },
    });
    expect(await socket.closed).toEqual({ code: 4401, reason: "authentication failed" });
  });

  test("a wrong credential in a notification or a batch closes as well", async () => {
    await using server = await testGateway();
    using one = await openFrames(server.url);
    one.send(JSON.stringify(request("connect", { auth: { token: "wrong" } })));
    expect(await one.closed).toEqual({ code: 4401, reason: "authentication failed" });
    using two = await openFrames(server.url);
    const answers = await two.ask([request("connect", { auth: { token: "wrong" } }, 1), request("rpc.ping", {}, 2)]);
    expect(answers).toMatchObject([{ error: { data: { reason: "auth_failed" } } }, UNAUTHENTICATED("rpc.ping", 2)]);
    expect(await two.closed).toEqual({ code: 4401, reason: "authentication failed" });
  });

  test("what is sent right behind connect finds it done, in frames and in a batch, however long connect takes", async () => {
    await using server = await testGateway({ loadMs: 30 });
    using one = await openFrames(server.url);
    one.send(JSON.stringify(request("connect", { auth: { token: TOKEN } }, 1)));
    one.send(JSON.stringify(request("rpc.ping", {}, 2)));
    // That there is no such method is known at once, but to nobody before they have connected.
    one.send(JSON.stringify(request("no.such", {}, 3)));
    const answers = [await one.next(), await one.next(), await one.next()] as Frame[];
    expect(answers.toSorted((a, b) => Number(a.id) - Number(b.id))).toMatchObject([
      { id: 1, result: { protocol: 1 } },
      { id: 2, result: { pong: true } },
      { id: 3, error: { data: { reason: "method_not_found" } } },
    ]);
    using two = await openFrames(server.url);
    expect(
      await two.ask([
        request("rpc.ping", {}, 0),
        request("connect", { auth: { token: TOKEN } }, 1),
        request("rpc.ping", {}, 2),
      ]),
    ).toMatchObject([
      UNAUTHENTICATED("rpc.ping", 0),
      { id: 1, result: { protocol: 1 } },
      { id: 2, result: { pong: true } },
    ]);
  });

  test("a connection that ends while it is let in leaves nothing behind that gets events", async () => {
    await using server = await testGateway({ loadMs: 50 });
    const attach = spyOn(server.bus, "attach");
    const connect = request("connect", { auth: { token: TOKEN } }, 1);
    const batch = [connect, request("events.subscribe", { pattern: "**" }, 2)];
    {
      using socket = await openFrames(server.url);
      socket.send(JSON.stringify(batch));
    }
    await until(() => server.gateway.connections === 0);
    // A later one has its answer when that of the first was thought about long ago.
    using later = await openFrames(server.url);
    await later.ask(batch);
    await later.ask(batch);
    expect(attach).toHaveBeenCalledTimes(1);
  });

  test("a connection that does not connect in time is closed with 4401, one that did is not", async () => {
    await using server = await testGateway({ handshakeMs: 60 });
    using early = await openFrames(server.url, { token: TOKEN });
    using late = await openFrames(server.url);
    expect(await late.ask(request("rpc.ping", {}, 1))).toEqual(UNAUTHENTICATED("rpc.ping", 1));
    expect(await late.closed).toEqual({ code: 4401, reason: "connect expected" });
    expect(await early.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });

  test("a socket that never says a word is closed in time too", async () => {
    await using server = await testGateway({ handshakeMs: 60 });
    const { hostname, port } = new URL(server.url);
    const socket = await openTcp(hostname, Number(port));
    const ended = Promise.withResolvers<void>();
    socket.on("close", () => ended.resolve());
    socket.resume();
    socket.write([`GET /ws HTTP/1.1`, `Host: ${hostname}:${port}`, ...UPGRADE, "", ""].join("\r\n"));
    await until(() => server.gateway.connections === 1);
    await ended.promise;
    expect(server.gateway.connections).toBe(0);
  });

  test("a protocol that is not spoken here is refused with what is", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    const auth = { token: TOKEN };
    for (const range of [
      { minProtocol: 2, maxProtocol: 3 },
      { minProtocol: 0, maxProtocol: 0 },
    ]) {
      expect(await socket.ask(request("connect", { ...range, auth }, 1))).toMatchObject({
        error: { code: -32602, data: { issues: [{ path: "maxProtocol", message: "must allow 1" }] } },
      });
    }
    expect(await socket.ask(request("connect", { minProtocol: 1, maxProtocol: 9, auth }, 1))).toMatchObject({
      result: { protocol: 1 },
    });
  });

  test("a client gets fewer scopes when it asks for fewer, never more by asking, and no session token then", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    const narrow = (await socket.ask(
      request("connect", { auth: { token: TOKEN }, scopes: ["chat", "read"] }, 1),
    )) as Frame;
    expect(narrow.result).toMatchObject({ role: "operator", scopes: ["read", "chat"] });
    expect(narrow.result).not.toHaveProperty("session_token");
    // Without new credentials nothing comes back that was given up.
    expect(await socket.ask(request("connect", { scopes: ["admin", "read"] }, 2))).toMatchObject({
      result: { scopes: ["read"] },
    });
    expect(await socket.ask(request("connect", { role: "node", auth: { token: TOKEN } }, 3))).toMatchObject({
      result: { role: "operator", scopes: ["read", "chat", "write", "approve", "admin"] },
    });
  });
});

describe("connection: strangers", () => {
  test("a frame of more than 4 KiB closes with 1009 before connect, and is welcome after it", async () => {
    await using server = await testGateway();
    const large = JSON.stringify(request("rpc.ping", { x: "x".repeat(4096) }, 1));
    using stranger = await openFrames(server.url);
    stranger.send(large);
    expect(await stranger.closed).toEqual({ code: 1009, reason: "message too big" });
    using known = await openFrames(server.url, { token: TOKEN });
    known.send(large);
    expect(await known.next()).toMatchObject({ error: { code: -32602 } });
  });

  test("bytes are counted, not characters", async () => {
    await using server = await testGateway();
    const text = (size: number) => JSON.stringify(request("rpc.ping", { x: "ü".repeat(size) }, 1));
    using fits = await openFrames(server.url);
    fits.send(text(2000));
    expect(await fits.next()).toMatchObject({ error: { data: { reason: "unauthenticated" } } });
    using tooBig = await openFrames(server.url);
    tooBig.send(text(2048));
    expect(await tooBig.closed).toMatchObject({ code: 1009 });
  });

  test("more than twenty frames before connect close with 4401", async () => {
    await using server = await testGateway({ handshakeMs: 60_000 });
    using socket = await openFrames(server.url);
    for (let index = 0; index < 20; index++) {
      expect(await socket.ask(request("rpc.ping", {}, index))).toEqual(UNAUTHENTICATED("rpc.ping", index));
    }
    socket.send("{}");
    expect(await socket.closed).toEqual({ code: 4401, reason: "connect expected" });
  });

  test("sockets without a handshake are limited, for each network and in all, and make room when they go", async () => {
    await using server = await testGateway({ settings: { trusted_proxies: ["127.0.0.0/8"] } });
    using known = await openFrames(server.url, { token: TOKEN });
    const from = (address: string) => openFrames(server.url, { headers: { "x-forwarded-for": address } });
    const many = (address: string) => Promise.all(Array.from({ length: 256 }, () => from(address)));
    const isLetIn = (address: string) =>
      from(address).then(
        (socket) => {
          socket[Symbol.dispose]();
          return true;
        },
        () => false,
      );
    const strangers = await many("192.0.2.7");
    await until(() => server.gateway.connections === 257);
    expect([await isLetIn("192.0.2.7"), await isLetIn("198.51.100.7")]).toEqual([false, true]);
    await until(() => server.gateway.connections === 257);
    strangers.push(...(await many("2001:db8::7")));
    await until(() => server.gateway.connections === 513);
    expect(await isLetIn("198.51.100.7")).toBe(false);
    expect(await known.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
    for (const socket of strangers) socket[Symbol.dispose]();
    await until(() => server.gateway.connections === 1);
    using again = await openFrames(server.url, { token: TOKEN });
    expect(await again.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });
});

describe("connection: frames", () => {
  test("a frame over max_payload closes with 1009, one just below is answered", async () => {
    await using server = await testGateway({ settings: { max_payload: 8 * 1024 * 1024 } });
    using socket = await openFrames(server.url, { token: TOKEN });
    const frame = (size: number) => {
      const head = '{"jsonrpc":"2.0","id":1,"method":"rpc.ping","more":"';
      return `${head}${"x".repeat(size - head.length - 2)}"}`;
    };
    socket.send(frame(8 * 1024 * 1024));
    expect(await socket.next()).toMatchObject({ id: 1, result: { pong: true } });
    socket.send(frame(9 * 1024 * 1024));
    expect(await socket.closed).toMatchObject({ code: 1009 });
  });

  test("a limit that was lowered holds for the next frame of an open connection", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    server.settings.max_payload = 1024;
    socket.send(JSON.stringify(request("rpc.ping", { x: "x".repeat(1024) }, 1)));
    expect(await socket.closed).toEqual({ code: 1009, reason: "message too big" });
  });

  test("a binary frame is an invalid request, and the connection goes on", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(new TextEncoder().encode(JSON.stringify(request("rpc.ping", {}, 1))));
    expect(await socket.next()).toEqual({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32600, message: "Frames must be text, not binary", data: { reason: "invalid_request" } },
    });
    expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });

  test("a binary frame of a stranger is limited like any other", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    socket.send(new Uint8Array(5000));
    expect(await socket.closed).toMatchObject({ code: 1009 });
  });
});

describe("connection: rights", () => {
  test("with auth.mode none the socket is the owner's at once, and connect only tells so", async () => {
    await using server = await testGateway({ mode: () => "none" });
    using socket = await openFrames(server.url);
    expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
    for (const auth of [undefined, { token: "whatever the client was configured with" }]) {
      const answer = (await socket.ask(request("connect", { auth }, 2))) as Frame;
      expect(answer.result).toMatchObject({ identity: { id: "owner", kind: "owner" } });
      expect(answer.result).not.toHaveProperty("session_token");
    }
  });

  test("with auth.mode none nobody is refused for credentials, so none are counted as failed", async () => {
    await using server = await testGateway({ mode: () => "none" });
    for (let index = 0; index < 10; index++) {
      using socket = await openFrames(server.url, { token: "wrong" });
      expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
    }
  });

  test("a session token opens another connection and no third credential", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url);
    const { result } = (await socket.ask(request("connect", { auth: { token: TOKEN } }, 1))) as Frame & {
      result: { session_token: string; session_expires_at: number };
    };
    expect(result.session_token).toMatch(/^aleph_ses_[\w-]{43}$/);
    expect(result.session_expires_at).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    using second = await openFrames(server.url);
    const again = (await second.ask(request("connect", { auth: { session_token: result.session_token } }, 1))) as Frame;
    expect(again.result).toMatchObject({ identity: { id: "owner" } });
    expect(again.result).not.toHaveProperty("session_token");
  });

  test("a database that cannot be written costs the session token and nothing else", async () => {
    await using server = await testGateway();
    server.store.db.run("PRAGMA query_only = ON");
    using socket = await openFrames(server.url);
    const answer = (await socket.ask(request("connect", { auth: { token: TOKEN } }, 1))) as Frame;
    server.store.db.run("PRAGMA query_only = OFF");
    expect(answer.result).toMatchObject({ protocol: 1 });
    expect(answer.result).not.toHaveProperty("session_token");
    expect(server.logs.map(({ message }) => message)).toContain("no session token: the database cannot be written");
  });

  test("revoke closes the connections that came from the credential, and no other", async () => {
    await using server = await testGateway();
    using owner = await openFrames(server.url, { token: TOKEN });
    const login = server.auth.issueSession(
      "connect",
      server.auth.authenticate({ token: TOKEN }, { address: "x", cookie: undefined }),
    );
    using session = await openFrames(server.url);
    await session.ask(request("connect", { auth: { session_token: login.token } }, 1));
    const { id } = server.auth.logins.find(login.token, undefined)!;
    server.gateway.revoke("something else");
    server.gateway.revoke(id);
    expect(await session.closed).toEqual({ code: 4401, reason: "credential revoked" });
    expect(await owner.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });

  test("wrong tokens close the door for the right one too, for a while", async () => {
    let now = 0;
    await using server = await testGateway({ monotonic: () => now });
    const attempt = async (token: string) => {
      using socket = await openFrames(server.url);
      const { error } = (await socket.ask(request("connect", { auth: { token } }, 1))) as Frame;
      return error?.data.reason ?? "connected";
    };
    const reasons: unknown[] = [];
    for (let index = 0; index < 6; index++) reasons.push(await attempt("wrong"));
    expect(reasons).toEqual([...Array(5).fill("auth_failed"), "rate_limited"]);
    expect(await attempt(TOKEN)).toBe("rate_limited");
    now = 999;
    expect(await attempt(TOKEN)).toBe("rate_limited");
    now = 1000;
    expect(await attempt(TOKEN)).toBe("connected");
  });

  test("an open connection works on while its address has to wait", async () => {
    await using server = await testGateway();
    using known = await openFrames(server.url, { token: TOKEN });
    for (let index = 0; index < 6; index++) {
      using socket = await openFrames(server.url);
      await socket.ask(request("connect", { auth: { token: "wrong" } }, 1));
    }
    expect(await known.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });
});
