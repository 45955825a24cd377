import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { createNetworkDoor, type NetworkDoorOptions } from "../../src/sandbox/broker.ts";
import type { OutboundRequest } from "../../src/sdk/runtime.ts";
import { until } from "../support/until.ts";
import { CERTIFICATE, KEY } from "./egress/certificate.ts";

const never = new AbortController().signal;

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server of the outside world; `PORT` in what it is given stands for its port. */
function world(answer: (request: Request, path: string) => Response | Promise<Response> = () => new Response("hello")) {
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      seen.push({ method: request.method, path: pathname, headers: request.headers, body: await request.text() });
      return answer(request, pathname);
    },
  });
  return { seen, port: server.port!, [Symbol.dispose]: () => void server.stop(true) };
}

function echo(socket: Bun.ServerWebSocket<undefined>, data: string | Buffer<ArrayBuffer>): void {
  socket.send(data);
}

function door(rules: readonly string[], options: Partial<NetworkDoorOptions> = {}) {
  const looked: string[] = [];
  const denied: string[] = [];
  const { fetch: send, connect } = createNetworkDoor({
    fetch,
    onDenied: (target) => void denied.push(target),
    ...options,
    rules,
    lookup: async (host) => {
      looked.push(host);
      return options.lookup ? options.lookup(host) : ["127.0.0.1"];
    },
  });
  return {
    looked,
    denied,
    connect,
    send: (url: string, more: Partial<OutboundRequest> = {}, signal = never) =>
      send({ url, method: "GET", headers: [], ...more }, signal),
  };
}

async function outcome(work: Promise<Response>): Promise<string> {
  try {
    const response = await work;
    return `${response.status} ${await response.text()}`;
  } catch (thrown) {
    return thrown instanceof AlephError ? thrown.reason : (thrown as Error).name;
  }
}

const socketOutcome = (work: Promise<WebSocket>): Promise<string> =>
  work.then(
    (socket) => {
      socket.close();
      return "open";
    },
    (thrown) => (thrown instanceof AlephError ? thrown.reason : (thrown as Error).name),
  );

/** A `fetch` that reaches nothing and tells what it was asked. */
function recorder(answer: () => Response = () => new Response("hello")) {
  const calls: string[] = [];
  const fake = (async (url: URL, init: BunFetchRequestInit) => {
    const serverName = (init.tls as { serverName?: string } | undefined)?.serverName;
    calls.push([init.method, url.href, new Headers(init.headers).get("host"), serverName ?? "-"].join(" "));
    return answer();
  }) as unknown as typeof fetch;
  return { calls, fetch: fake };
}

test("createNetworkDoor lets through what a rule names, and hands over request and answer whole", async () => {
  using server = world(
    () =>
      new Response("made", {
        status: 201,
        statusText: "Made",
        headers: [
          ["x-answer", "1"],
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      }),
  );
  const origin = `http://localhost:${server.port}`;
  const { send, denied, looked } = door([`connect:${origin}`]);
  const response = await send(`${origin}/x?y=1#z`, {
    method: "post",
    headers: [
      ["x-own", "1"],
      ["x-own", "2"],
      ["host", "evil.test"],
      ["connection", "upgrade"],
      ["transfer-encoding", "chunked"],
      ["content-length", "3"],
      ["proxy-authorization", "secret"],
    ],
    body: new TextEncoder().encode("the body"),
  });
  expect([response.status, response.url, response.redirected]).toEqual([201, `${origin}/x?y=1`, false]);
  expect([response.headers.get("x-answer"), response.headers.getSetCookie()]).toEqual(["1", ["a=1", "b=2"]]);
  expect(await response.text()).toBe("made");
  const { method, path, headers, body } = server.seen[0]!;
  expect([method, path, body]).toEqual(["POST", "/x", "the body"]);
  expect([headers.get("host"), headers.get("x-own"), headers.get("proxy-authorization")]).toEqual([
    `localhost:${server.port}`,
    "1, 2",
    null,
  ]);
  expect([looked, denied]).toEqual([["localhost"], []]);
  // No cookie is kept.
  await send(`${origin}/again`);
  expect(server.seen[1]!.headers.get("cookie")).toBeNull();
});

test.each([
  ["another host", "http://other.test/", "http://other.test:80"],
  ["another port", "http://api.test:8080/", "http://api.test:8080"],
  ["another scheme", "https://api.test/", "https://api.test:443"],
  ["its address", "http://93.184.216.34/", "http://93.184.216.34:80"],
  ["a name that ends like it", "http://evilapi.test/", "http://evilapi.test:80"],
  ["a name that begins like it", "http://api.test.evil.test/", "http://api.test.evil.test:80"],
  ["a name below it", "http://x.api.test/", "http://x.api.test:80"],
  ["a host behind a backslash", "http://evil.test\\@api.test/", "http://evil.test:80"],
  ["a host in percent signs", "http://evil%2etest/", "http://evil.test:80"],
  ["a name that looks like it", "http://аpi.test/", "http://xn--pi-6kc.test:80"],
])("createNetworkDoor refuses %s without asking for its address", async (_, url, target) => {
  const { fetch, calls } = recorder();
  const { send, denied, looked } = door(["connect:http://api.test"], { fetch, lookup: async () => ["8.8.8.8"] });
  expect(await outcome(send(url))).toBe("forbidden");
  expect([denied, looked, calls]).toEqual([[target], [], []]);
});

test.each([
  ["http://API.test/", "GET http://8.8.8.8/ api.test -"],
  ["http://api.test./", "GET http://8.8.8.8/ api.test -"],
  ["http://api.test:80/", "GET http://8.8.8.8/ api.test -"],
  ["HTTP://api.test/a#b", "GET http://8.8.8.8/a api.test -"],
  ["http://%61pi.test/", "GET http://8.8.8.8/ api.test -"],
  ["https://bücher.test/", "GET https://8.8.8.8/ xn--bcher-kva.test xn--bcher-kva.test"],
  ["https://xn--bcher-kva.test/", "GET https://8.8.8.8/ xn--bcher-kva.test xn--bcher-kva.test"],
])("createNetworkDoor reads %s once, and dials the address", async (url, call) => {
  const { fetch, calls } = recorder();
  const rules = ["connect:http://api.test", "connect:https://bücher.test"];
  const { send, denied } = door(rules, { fetch, lookup: async () => ["8.8.8.8"] });
  expect(await outcome(send(url))).toBe("200 hello");
  expect([calls, denied]).toEqual([[call], []]);
});

test.each([
  ["", "invalid_params"],
  ["api.test", "invalid_params"],
  ["http://", "invalid_params"],
  ["file:///etc/passwd", "invalid_params"],
  ["data:text/plain,x", "invalid_params"],
  ["blob:x", "invalid_params"],
  ["ws://api.test/", "invalid_params"],
  ["unix:/var/run/docker.sock", "invalid_params"],
  ["http://evil\0.api.test/", "invalid_params"],
  ["http://evil%00.api.test/", "invalid_params"],
  ["http://api.test/\r\nx: y", "invalid_params"],
  ["http://ap\ti.test/", "invalid_params"],
  ["http://user@api.test/", "forbidden"],
  ["http://user:secret@api.test/", "forbidden"],
  ["http://:secret@api.test/", "forbidden"],
  ["http://api.test../", "forbidden"],
  ["http://a..api.test/", "forbidden"],
])("createNetworkDoor refuses %j", async (url, reason) => {
  const { fetch, calls } = recorder();
  const { send, looked } = door(["connect:http://api.test", "connect:http://*.api.test"], { fetch });
  expect(await outcome(send(url))).toBe(reason);
  expect([calls, looked]).toEqual([[], []]);
});

test.each([
  "127.0.0.1",
  "127.1",
  "0x7f.1",
  "0x7f000001",
  "2130706433",
  "0177.0.0.1",
  "127.0.0.1.",
  "①②⑦.⓪.⓪.①",
  "0",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "10.0.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "2852039166",
  "[fd00:ec2::254]",
  "[fe80::1]",
])("createNetworkDoor: any host is any public host, not %s", async (host) => {
  using server = world();
  const { send, denied, connect } = door([`connect:http://*:${server.port}`]);
  expect(await outcome(send(`http://${host}:${server.port}/`))).toBe("forbidden");
  expect(await socketOutcome(connect(`ws://${host}:${server.port}/`, [], never))).toBe("forbidden");
  expect([server.seen, denied.length]).toEqual([[], 2]);
});

test.each([
  ["connect:http://*:PORT", "localhost", ["127.0.0.1"]],
  ["connect:http://*:PORT", "evil.test", ["127.0.0.1"]],
  ["connect:http://*:PORT", "evil.test", ["8.8.8.8", "127.0.0.1"]],
  ["connect:http://*:PORT", "evil.test", ["::ffff:127.0.0.1"]],
  ["connect:http://*:PORT", "evil.test", ["::1"]],
  ["connect:http://*.test:PORT", "evil.test", ["192.168.1.1"]],
  ["connect:http://evil.test:PORT", "evil.test", ["127.0.0.1"]],
  ["connect:http://evil.test:PORT", "evil.test", ["127.0.0.1", "8.8.8.8"]],
  ["connect:http://evil.test:PORT", "evil.test", ["169.254.169.254"]],
  ["connect:http://evil.test:PORT", "evil.test", ["not an address"]],
  ["connect:http://nas.lan:PORT", "nas.lan", ["127.0.0.1"]],
  ["connect:http://localhost:PORT", "localhost", ["192.168.1.1"]],
])("createNetworkDoor: %s does not open %s that resolves to %p", async (rule, host, addresses) => {
  using server = world();
  const lookup = async () => addresses;
  const { send, denied, connect } = door([rule.replace("PORT", String(server.port))], { lookup });
  expect(await outcome(send(`http://${host}:${server.port}/`))).toBe("forbidden");
  expect(await socketOutcome(connect(`ws://${host}:${server.port}/`, [], never))).toBe("forbidden");
  const target = `${host}:${server.port}`;
  expect([server.seen, denied]).toEqual([[], [`http://${target}`, `ws://${target}`]]);
});

test.each(["127.0.0.1", "localhost", "app.localhost"])(
  "createNetworkDoor opens %s when a rule says so",
  async (host) => {
    using server = world();
    const { send } = door([`connect:http://${host}:${server.port}`]);
    expect(await outcome(send(`http://${host}:${server.port}/`))).toBe("200 hello");
    expect(await outcome(send(`http://${host}:${server.port + 1}/`))).toBe("forbidden");
  },
);

test("createNetworkDoor goes to the address that was judged, whatever the name says a moment later", async () => {
  const { fetch, calls } = recorder();
  const answers = [["93.184.216.34"], ["127.0.0.1"]];
  const { send, looked } = door(["connect:https://rebind.test"], { fetch, lookup: async () => answers.shift()! });
  expect(await outcome(send("https://rebind.test/a?b=c"))).toBe("200 hello");
  expect(calls).toEqual(["GET https://93.184.216.34/a?b=c rebind.test rebind.test"]);
  expect(looked).toEqual(["rebind.test"]);
  expect(await outcome(send("https://rebind.test/"))).toBe("forbidden");
  expect(calls.length).toBe(1);
});

test.each([
  ["http://127.0.0.1:PORT/", "forbidden", "http://127.0.0.1:PORT"],
  ["http://2130706433:PORT/", "forbidden", "http://127.0.0.1:PORT"],
  ["http://other.localhost:PORT/", "forbidden", "http://other.localhost:PORT"],
  ["//evil.test/x", "forbidden", "http://evil.test:80"],
  ["http://169.254.169.254/latest", "forbidden", "http://169.254.169.254:80"],
  ["file:///etc/passwd", "invalid_params", undefined],
  ["data:text/plain,x", "invalid_params", undefined],
  ["javascript:1", "invalid_params", undefined],
  ["ws://app.localhost:PORT/", "invalid_params", undefined],
  ["http://user:secret@app.localhost:PORT/", "forbidden", undefined],
])("createNetworkDoor judges a redirect to %s like a first call", async (to, reason, target) => {
  using server = world(() => new Response(null, { status: 302, headers: { location: withPort(to) } }));
  const withPort = (text: string) => text.replace("PORT", String(server.port));
  const { send, denied } = door([`connect:http://app.localhost:${server.port}`]);
  expect(await outcome(send(`http://app.localhost:${server.port}/`))).toBe(reason);
  expect([server.seen.length, denied]).toEqual([1, target === undefined ? [] : [withPort(target)]]);
});

test("createNetworkDoor does not follow from https to http, even to a host that is named", async () => {
  const { fetch, calls } = recorder(
    () => new Response(null, { status: 301, headers: { location: "http://api.test/" } }),
  );
  const rules = ["connect:https://api.test", "connect:http://api.test"];
  const { send } = door(rules, { fetch, lookup: async () => ["8.8.8.8"] });
  expect(await outcome(send("https://api.test/"))).toBe("forbidden");
  expect(calls.length).toBe(1);
});

test("createNetworkDoor follows redirects, and drops credentials at another origin", async () => {
  using server = world((_, path) => {
    if (path === "/start") return new Response(null, { status: 307, headers: { location: "/same" } });
    if (path === "/same") {
      return new Response(null, { status: 307, headers: { location: `http://b.localhost:${server.port}/end` } });
    }
    return new Response("there");
  });
  const { send } = door([`connect:http://a.localhost:${server.port}`, `connect:http://b.localhost:${server.port}`]);
  const response = await send(`http://a.localhost:${server.port}/start`, {
    method: "POST",
    headers: [
      ["authorization", "Bearer x"],
      ["cookie", "a=1"],
      ["x-api-key", "k"],
      ["x-goog-api-key", "k"],
      ["x-auth-token", "t"],
      ["x-plain", "1"],
      ["content-type", "text/plain"],
    ],
    body: new TextEncoder().encode("body"),
  });
  expect([response.url, response.redirected, await response.text()]).toEqual([
    `http://b.localhost:${server.port}/end`,
    true,
    "there",
  ]);
  const names = ["authorization", "cookie", "x-api-key", "x-goog-api-key", "x-auth-token", "x-plain", "content-type"];
  const shown = server.seen.map(({ method, body, headers }) => [
    method,
    body,
    names.filter((name) => headers.has(name)),
  ]);
  expect(shown).toEqual([
    ["POST", "body", names],
    ["POST", "body", names],
    ["POST", "body", ["x-plain", "content-type"]],
  ]);
});

test.each([
  [301, "POST", "GET", ""],
  [302, "POST", "GET", ""],
  [303, "POST", "GET", ""],
  [303, "PUT", "GET", ""],
  [303, "HEAD", "HEAD", ""],
  [301, "PUT", "PUT", "body"],
  [307, "POST", "POST", "body"],
  [308, "PATCH", "PATCH", "body"],
])("createNetworkDoor: a %d to a %s makes it a %s", async (status, method, expected, body) => {
  using server = world((_, path) =>
    path === "/end" ? new Response() : new Response(null, { status, headers: { location: "/end" } }),
  );
  const { send } = door([`connect:http://127.0.0.1:${server.port}`]);
  const headers = [["content-type", "text/plain"]] as const;
  const sent = method === "HEAD" ? {} : { body: new TextEncoder().encode("body"), headers };
  await send(`http://127.0.0.1:${server.port}/`, { method, ...sent });
  const last = server.seen.at(-1)!;
  expect([last.method, last.body, last.headers.has("content-type")]).toEqual([expected, body, body !== ""]);
});

test("createNetworkDoor hands a redirect over or refuses it where that is wanted, and follows none for ever", async () => {
  using server = world(() => new Response(null, { status: 302, headers: { location: "http://evil.test/" } }));
  const { send, denied } = door([`connect:http://127.0.0.1:${server.port}`]);
  const url = `http://127.0.0.1:${server.port}/`;
  const response = await send(url, { redirect: "manual" });
  expect([response.status, response.headers.get("location")]).toEqual([302, "http://evil.test/"]);
  expect(await outcome(send(url, { redirect: "error" }))).toBe("not_found");
  expect(denied).toEqual([]);

  using endless = world(() => new Response(null, { status: 302, headers: { location: "/again" } }));
  const { send: follow } = door([`connect:http://127.0.0.1:${endless.port}`]);
  expect(await outcome(follow(`http://127.0.0.1:${endless.port}/`))).toBe("not_found");
  expect(endless.seen.length).toBe(11);
});

test.each([
  [{ method: "CONNECT" }],
  [{ method: "TRACE" }],
  [{ method: "GET / HTTP/1.1\r\nx:" }],
  [{ method: "" }],
  [{ headers: [["x-a", "1\r\nx-b: 2"]] }],
  [{ headers: [["x a", "1"]] }],
  [{ headers: [["", "1"]] }],
  [{ body: new Uint8Array(1) }],
] satisfies [Partial<OutboundRequest>][])("createNetworkDoor refuses the request %p", async (request) => {
  using server = world();
  const { send } = door([`connect:http://127.0.0.1:${server.port}`]);
  expect(await outcome(send(`http://127.0.0.1:${server.port}/`, request))).toBe("invalid_params");
  expect(server.seen).toEqual([]);
});

test("createNetworkDoor refuses a body over the limit", async () => {
  using server = world();
  const { send } = door([`connect:http://127.0.0.1:${server.port}`], { limits: { maxBody: 4 } });
  const request = (size: number) => ({ method: "POST", body: new Uint8Array(size) });
  expect(await outcome(send(`http://127.0.0.1:${server.port}/`, request(5)))).toBe("payload_too_large");
  expect(await outcome(send(`http://127.0.0.1:${server.port}/`, request(4)))).toBe("200 hello");
});

test.each(["ftp://x.test", "connect:https://x.test/path", "connect:https://user@x.test"])(
  "createNetworkDoor refuses the rule %s",
  (rule) => {
    expect(() => door([rule])).toThrow(AlephError);
  },
);

test("createNetworkDoor asks for the certificate of the name, not of the address", async () => {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: CERTIFICATE, key: KEY },
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("safe")),
    websocket: { message: echo },
  });
  const trusting = ((url: URL, init: BunFetchRequestInit) =>
    fetch(url, { ...init, tls: { ...(init.tls as object), ca: CERTIFICATE } })) as typeof fetch;
  const connect = (url: string, options: Bun.WebSocketOptions) => {
    const tls = { ...("tls" in options ? options.tls : {}), ca: CERTIFICATE };
    return new WebSocket(url, { ...options, tls } as unknown as string[]);
  };
  // Only a certificate of its own name opens a private address: the test's has another.
  const { send, connect: open } = door([`connect:https://evil.localhost:${server.port}`], { fetch: trusting, connect });
  expect(await outcome(send(`https://evil.localhost:${server.port}/`))).toBe("not_found");
  expect(await socketOutcome(open(`wss://evil.localhost:${server.port}/`, [], never))).toBe("not_found");

  const redirected = (url: URL | string) => new URL(String(url).replace("8.8.8.8", "127.0.0.1"));
  const good = door([`connect:https://good.test:${server.port}`], {
    lookup: async () => ["8.8.8.8"],
    fetch: ((url: URL, init: BunFetchRequestInit) => trusting(redirected(url), init)) as typeof fetch,
    connect: (url, options) => connect(redirected(url).href, options),
  });
  expect(await outcome(good.send(`https://good.test:${server.port}/`))).toBe("200 safe");
  expect(await socketOutcome(good.connect(`wss://good.test:${server.port}/`, [], never))).toBe("open");
});

test("createNetworkDoor tries the next address of a name when one does not answer", async () => {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("hello")),
    websocket: { message: echo },
  });
  const lookup = async () => ["::1", "127.0.0.1"];
  const { send, connect } = door([`connect:http://localhost:${server.port}`], { lookup });
  expect(await outcome(send(`http://localhost:${server.port}/`))).toBe("200 hello");
  expect(await socketOutcome(connect(`ws://localhost:${server.port}/`, [], never))).toBe("open");
});

test("createNetworkDoor says when a name or a server is not there, and what answers no HTTP", async () => {
  const closed = world();
  closed[Symbol.dispose]();
  const { send, connect, denied } = door([`connect:http://127.0.0.1:${closed.port}`, "connect:http://none.test"], {
    lookup: () => Promise.reject(new Error("no such name")),
  });
  expect(await outcome(send(`http://127.0.0.1:${closed.port}/`))).toBe("not_found");
  expect(await outcome(send("http://none.test/"))).toBe("not_found");
  expect(await socketOutcome(connect(`ws://127.0.0.1:${closed.port}/`, [], never))).toBe("not_found");
  expect(await socketOutcome(connect("ws://none.test/", [], never))).toBe("not_found");
  expect(denied).toEqual([]);
});

test("createNetworkDoor hands a body over as it is read, and no faster", async () => {
  let pulled = 0;
  using server = world(
    () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            pulled++;
            controller.enqueue(new Uint8Array(65_536));
          },
        }),
      ),
  );
  const { send } = door([`connect:http://127.0.0.1:${server.port}`]);
  const response = await send(`http://127.0.0.1:${server.port}/`);
  const reader = response.body!.getReader();
  let read = 0;
  while (read < 40_000_000) read += (await reader.read()).value!.byteLength;
  // What lies between is the buffers of the two sockets.
  expect(pulled * 65_536 - read).toBeLessThan(20_000_000);
  await reader.cancel();
});

test("createNetworkDoor gives up a server that does not answer, and a body in which nothing moves", async () => {
  using server = world((_, path) =>
    path === "/silent"
      ? new Promise<Response>(() => {})
      : new Response(new ReadableStream({ start: (controller) => controller.enqueue("a") })),
  );
  const { send } = door([`connect:http://127.0.0.1:${server.port}`], { limits: { headersMs: 50, idleMs: 50 } });
  expect(await outcome(send(`http://127.0.0.1:${server.port}/silent`))).toBe("timeout");
  expect(await outcome(send(`http://127.0.0.1:${server.port}/stops`))).toBe("timeout");
  const slow = door(["connect:http://slow.test"], { lookup: () => new Promise(() => {}), limits: { headersMs: 50 } });
  expect(await outcome(slow.send("http://slow.test/"))).toBe("timeout");
  expect(await socketOutcome(slow.connect("ws://slow.test/", [], never))).toBe("timeout");
});

test("createNetworkDoor tells an answer that breaks off from one that ends", async () => {
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
      },
    },
  });
  const { send } = door([`connect:http://127.0.0.1:${server.port}`]);
  expect(await outcome(send(`http://127.0.0.1:${server.port}/`))).toBe("not_found");
});

test("createNetworkDoor stops on abort: while it resolves, while it waits, while it reads", async () => {
  const waiting = Promise.withResolvers<void>();
  using server = world((_, path) => {
    if (path === "/body") return new Response(new ReadableStream({ start: (controller) => controller.enqueue("a") }));
    waiting.resolve();
    return new Promise<Response>(() => {});
  });
  const rules = [`connect:http://127.0.0.1:${server.port}`, "connect:http://slow.test"];
  const { send, connect } = door(rules, { lookup: () => new Promise(() => {}) });
  const resolving = new AbortController();
  const first = outcome(send("http://slow.test/", {}, resolving.signal));
  const socket = socketOutcome(connect("ws://slow.test/", [], resolving.signal));
  resolving.abort();
  expect([await first, await socket]).toEqual(["AbortError", "AbortError"]);

  const headers = new AbortController();
  const second = outcome(send(`http://127.0.0.1:${server.port}/`, {}, headers.signal));
  await waiting.promise;
  headers.abort();
  expect(await second).toBe("AbortError");

  const body = new AbortController();
  const response = await send(`http://127.0.0.1:${server.port}/body`, {}, body.signal);
  const reading = response.text().then(
    () => "read",
    (thrown: Error) => thrown.name,
  );
  body.abort();
  expect(await reading).toBe("AbortError");
  expect(await outcome(send(`http://127.0.0.1:${server.port}/`, {}, AbortSignal.abort()))).toBe("AbortError");
  expect(await socketOutcome(connect(`ws://127.0.0.1:${server.port}/`, [], AbortSignal.abort()))).toBe("AbortError");
});

test("createNetworkDoor lets only so many requests be under way, and counts one until its body has ended", async () => {
  using server = world();
  const { send } = door([`connect:http://127.0.0.1:${server.port}`], { limits: { requests: 2 } });
  const url = `http://127.0.0.1:${server.port}/`;
  const first = await send(url);
  const second = await send(url);
  expect(await outcome(send(url))).toBe("limit_reached");
  await first.body!.cancel();
  expect(await outcome(send(url))).toBe("200 hello");
  await second.text();
  // What fails does not count on.
  await outcome(send("http://evil.test/"));
  await outcome(send("nonsense"));
  const both = await Promise.all([send(url), send(url, { method: "HEAD" })]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
});

test("createNetworkDoor opens a socket at the address that was judged, under its name", async () => {
  const hosts: (string | null)[] = [];
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, self) {
      const { headers } = request;
      hosts.push(
        [headers.get("host"), headers.get("sec-websocket-extensions"), headers.get("authorization")].join(" "),
      );
      if (new URL(request.url).pathname === "/no") return new Response("no", { status: 403 });
      if (new URL(request.url).pathname === "/away") return Response.redirect("http://127.0.0.1:1/");
      return self.upgrade(request) ? undefined : new Response("no", { status: 400 });
    },
    websocket: { message: echo },
  });
  const { connect } = door([`connect:ws://app.localhost:${server.port}`], { limits: { sockets: 1 } });
  const url = `ws://App.Localhost.:${server.port}/`;
  const socket = await connect(url, ["chat"], never, [
    ["Authorization", "Bearer x"],
    ["Host", "evil.test"],
    ["Sec-WebSocket-Key", "x"],
  ]);
  const echoed = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
  socket.send("hello");
  expect([await echoed, socket.protocol]).toEqual(["hello", "chat"]);
  expect(await socketOutcome(connect(url, [], never))).toBe("limit_reached");
  socket.close();
  await until(() => socket.readyState === WebSocket.CLOSED);
  expect(await socketOutcome(connect(`${url}no`, [], never))).toBe("not_found");
  expect(await socketOutcome(connect(`${url}away`, [], never))).toBe("not_found");
  expect(await socketOutcome(connect(url, ["a", "a"], never))).toBe("invalid_params");
  const host = `app.localhost:${server.port}`;
  expect(hosts).toEqual([`${host}  Bearer x`, `${host}  `, `${host}  `]);
});

test.each([
  ["http://api.test/", "invalid_params"],
  ["ws://user:secret@api.test/", "forbidden"],
  ["ws://evil\0.api.test/", "invalid_params"],
  ["wss://api.test/", "forbidden"],
  ["ws://other.test/", "forbidden"],
  ["ws://api.test:81/", "forbidden"],
])("createNetworkDoor refuses a socket to %j", async (url, reason) => {
  const connect = () => {
    throw new Error("dialled");
  };
  expect(await socketOutcome(door(["connect:http://api.test"], { connect }).connect(url, [], never))).toBe(reason);
});
