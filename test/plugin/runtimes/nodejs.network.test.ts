import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { createNetworkDoor } from "../../../src/sandbox/broker.ts";
import type { NetworkDoor } from "../../../src/sdk/runtime.ts";
import { refusal } from "../../support/config.ts";
import { callOf, nodejsPlugin } from "../../support/nodejs-plugin.ts";
import { until } from "../../support/until.ts";

/** A server as a plugin meets it, the door to it and to nothing else, and what the door refused. */
function openWorld() {
  const hits: string[] = [];
  const sent: { aborted: boolean; pulled: number } = { aborted: false, pulled: 0 };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, self) {
      const { pathname } = new URL(request.url);
      hits.push(`${request.method} ${pathname}`);
      switch (pathname) {
        case "/ws":
          hits.push(`with ${request.headers.get("x-a") ?? "nothing"}`);
          return self.upgrade(request) ? undefined : new Response("no", { status: 400 });
        case "/echo":
          return new Response(await request.bytes(), {
            status: 201,
            headers: [
              ["x-method", request.method],
              ["x-type", request.headers.get("content-type") ?? ""],
              ["x-auth", request.headers.get("authorization") ?? ""],
              ["set-cookie", "a=1"],
              ["set-cookie", "b=2"],
            ],
          });
        case "/json":
          return Response.json({ hello: "world" });
        case "/gzip":
          return new Response(gzipSync("packed"), { headers: { "content-encoding": "gzip" } });
        case "/redirect":
          return Response.redirect("/json");
        case "/away":
          return Response.redirect("http://elsewhere.example/");
        case "/empty":
          return new Response(null, { status: 204 });
        case "/big":
          return new Response(new Uint8Array(5_000_000).fill(65));
        case "/endless":
          return new Response(
            (async function* () {
              try {
                // Endless enough, and no danger when nobody stops it.
                for (; sent.pulled < 40_000_000; await Bun.sleep(1)) {
                  sent.pulled += 65_536;
                  yield new Uint8Array(65_536);
                }
              } finally {
                sent.aborted = true;
              }
            })() as unknown as BodyInit,
          );
        case "/drip":
          return new Response(
            (async function* () {
              yield "one ";
              await Bun.sleep(10);
              yield "two";
            })() as unknown as BodyInit,
          );
        case "/hang":
          request.signal.addEventListener("abort", () => hits.push("hang aborted"));
          await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
          return new Response("late");
        default:
          return new Response("not here", { status: 404 });
      }
    },
    websocket: {
      open: (ws) => void ws.send("welcome"),
      message(ws, data) {
        if (data === "close") ws.close(4001, "as you wish");
        else ws.send(data);
      },
      close: (_, code, reason) => void hits.push(`closed ${code} ${reason}`),
    },
  });
  const refused: string[] = [];
  const network: NetworkDoor = createNetworkDoor({
    rules: [`connect:http://127.0.0.1:${server.port}`, `connect:ws://127.0.0.1:${server.port}`],
    lookup: async () => {
      throw new Error("nothing is looked up in this test");
    },
    fetch,
    onDenied: (target) => refused.push(target),
  });
  return {
    base: `http://127.0.0.1:${server.port}`,
    ws: `ws://127.0.0.1:${server.port}/ws`,
    hits,
    sent,
    refused,
    network,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

async function run(code: string, network: NetworkDoor) {
  await using stack = new AsyncDisposableStack();
  const plugin = stack.use(await nodejsPlugin({ files: { "index.ts": code }, network }));
  const process = await plugin.start();
  const owned = stack.move();
  return {
    plugin,
    process,
    call: (handler: string, args: unknown = {}) => process.call(callOf(handler, args)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const FETCH = `
const summary = async (r) => ({ status: r.status, text: r.statusText, url: r.url, redirected: r.redirected, ok: r.ok, body: await r.text() });
export const get = async ({ url, init }) => summary(await fetch(url, init));
export const post = async ({ url }) => {
  const text = await fetch(url, { method: "POST", body: "ünï", headers: { Authorization: "Bearer x" } });
  const form = await fetch(new URL(url), { method: "PUT", body: new URLSearchParams({ a: "1" }) });
  const request = await fetch(new Request(url, { method: "POST", body: new Uint8Array([0, 255]) }));
  async function* pieces() { for (let i = 0; i < 10; i++) yield new Uint8Array(100_000).fill(i); }
  const stream = await fetch(url, { method: "POST", body: ReadableStream.from(pieces()), duplex: "half" });
  const streamed = await stream.bytes();
  return {
    text: [text.status, text.headers.get("x-auth"), text.headers.get("x-type"), text.headers.getSetCookie(), await text.text()],
    form: [form.headers.get("x-method"), form.headers.get("x-type"), await form.text()],
    request: [...(await request.bytes())],
    stream: [streamed.length, streamed[0], streamed.at(-1)],
  };
};
export const big = async ({ url }) => { const bytes = await (await fetch(url)).bytes(); return [bytes.length, bytes.every((b) => b === 65)]; };
export const drip = async ({ url }) => { const parts = []; for await (const chunk of (await fetch(url)).body) parts.push(Buffer.from(chunk).toString()); return parts; };
export const leave = async ({ url }) => { for await (const chunk of (await fetch(url)).body) break; return "left"; };
export const abort = async ({ url }) => { try { await fetch(url, { signal: AbortSignal.timeout(30) }); } catch (e) { return e.name; } };
export const abortBody = async ({ url }) => {
  const control = new AbortController();
  const response = await fetch(url, { signal: control.signal });
  control.abort();
  try { await response.text(); } catch (e) { return e.constructor.name; }
};
export const failure = async ({ url, init }) => { try { await fetch(url, init); return "reached"; } catch (e) { return [e.name, e.code, e.message]; } };
export const local = async () => (await fetch("data:text/plain,local")).text();
export const raw = async ({ port }) => {
  const tried = {};
  const attempt = async (name, work) => { try { await work(); tried[name] = "reached"; } catch (e) { tried[name] = "failed"; } };
  await attempt("Bun.fetch", () => Bun.fetch("http://127.0.0.1:" + port));
  await attempt("Bun.connect", () => Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }));
  const net = await import("node:net");
  await attempt("net", () => new Promise((resolve, reject) => net.connect(port, "127.0.0.1").on("connect", resolve).on("error", reject)));
  return tried;
};
`;

test("fetch of a nodejs plugin gives what the platform's own would", async () => {
  await using world = openWorld();
  await using p = await run(FETCH, world.network);
  const { base } = world;
  expect(await p.call("get", { url: `${base}/json` })).toEqual({
    status: 200,
    text: "OK",
    url: `${base}/json`,
    redirected: false,
    ok: true,
    body: '{"hello":"world"}',
  });
  expect(await p.call("get", { url: `${base}/redirect` })).toMatchObject({ url: `${base}/json`, redirected: true });
  expect(await p.call("get", { url: `${base}/redirect`, init: { redirect: "manual" } })).toMatchObject({ status: 302 });
  expect(await p.call("get", { url: `${base}/gzip` })).toMatchObject({ body: "packed" });
  expect(await p.call("get", { url: `${base}/empty` })).toMatchObject({ status: 204, body: "" });
  expect(await p.call("get", { url: `${base}/none` })).toMatchObject({ status: 404, ok: false, body: "not here" });
  expect(await p.call("post", { url: `${base}/echo` })).toEqual({
    text: [201, "Bearer x", "text/plain;charset=UTF-8", ["a=1", "b=2"], "ünï"],
    form: ["PUT", "application/x-www-form-urlencoded;charset=UTF-8", "a=1"],
    request: [0, 255],
    stream: [1_000_000, 0, 9],
  });
  expect(await p.call("big", { url: `${base}/big` })).toEqual([5_000_000, true]);
  expect(await p.call("drip", { url: `${base}/drip` })).toEqual(["one ", "two"]);
  expect(await p.call("local")).toBe("local");
});

test("fetch of a nodejs plugin reaches nothing that the door refuses, redirects included", async () => {
  await using world = openWorld();
  await using p = await run(FETCH, world.network);
  const failure = (url: string, init: unknown = {}) => p.call("failure", { url, init });
  expect(await failure("https://example.com/secret")).toEqual([
    "TypeError",
    "EACCES",
    '"example.com" is not among the hosts that the plugin may connect to',
  ]);
  expect(await failure(`${world.base}/away`)).toEqual([
    "TypeError",
    "EACCES",
    '"elsewhere.example" is not among the hosts that the plugin may connect to',
  ]);
  expect(await failure(`${world.base}/redirect`, { redirect: "error" })).toEqual([
    "TypeError",
    "ECONNREFUSED",
    expect.stringContaining("redirects, which was not wanted"),
  ]);
  expect(world.refused).toEqual(["https://example.com:443", "http://elsewhere.example:80"]);
  expect(await p.call("raw", { port: Number(new URL(world.base).port) })).toEqual({
    "Bun.fetch": "failed",
    "Bun.connect": "failed",
    net: "failed",
  });
});

test("fetch of a nodejs plugin ends on the other side when the plugin does not want it any more", async () => {
  await using world = openWorld();
  await using p = await run(FETCH, world.network);
  // Once more where its time was over before the other side had it.
  do expect(await p.call("abort", { url: `${world.base}/hang` })).toBe("TimeoutError");
  while (!world.hits.includes("GET /hang"));
  await until(() => world.hits.includes("hang aborted"));
  expect(await p.call("leave", { url: `${world.base}/endless` })).toBe("left");
  await until(() => world.sent.aborted);
  world.sent.aborted = false;
  expect(await p.call("abortBody", { url: `${world.base}/endless` })).toBe("TypeError");
  await until(() => world.sent.aborted);
});

test("a body that a nodejs plugin does not read is not read ahead of it, and let go with the plugin", async () => {
  const body = { pulled: 0, cancelled: false };
  const network: NetworkDoor = {
    fetch: async () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            body.pulled += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
          cancel() {
            body.cancelled = true;
          },
        }),
      ),
    connect: () => Promise.reject(new Error("not needed")),
  };
  await using p = await run(
    `let response;
export const hold = async () => { response = await fetch("http://x/"); return "held"; };
export const read = async () => { const reader = response.body.getReader(); let n = 0; while (n < 3_000_000) n += (await reader.read()).value.length; return "read"; };`,
    network,
  );
  expect(await p.call("hold")).toBe("held");
  await until(() => body.pulled > 900_000);
  await p.call("hold");
  // Two bodies, each with a window on the way and one that waits for its reader.
  expect(body.pulled).toBeLessThan(5_000_000);
  const before = body.pulled;
  expect(await p.call("read")).toBe("read");
  expect(body.pulled - before).toBeGreaterThan(1_900_000);
  await p.process[Symbol.asyncDispose]();
  await until(() => body.cancelled);
});

const SOCKET = `
const open = (url, protocols) => new Promise((resolve, reject) => {
  const ws = new WebSocket(url, protocols);
  ws.onopen = () => resolve(ws);
  ws.onerror = (event) => reject(event.error ?? new Error(event.message));
});
const next = (ws) => new Promise((resolve) => ws.addEventListener("message", (e) => resolve(e.data), { once: true }));
const closed = (ws) => new Promise((resolve) => ws.addEventListener("close", (e) => resolve([e.code, e.reason, e.wasClean]), { once: true }));
export const talk = async ({ url }) => {
  const ws = new WebSocket(url);
  const states = [ws.readyState];
  let early = false;
  try { ws.send("early"); } catch (e) { early = e.name; }
  const welcome = next(ws);
  await new Promise((resolve) => ws.addEventListener("open", resolve));
  states.push(ws.readyState);
  const heard = [await welcome];
  ws.send("text ü"); heard.push(await next(ws));
  ws.send(new Uint8Array([1, 2, 255])); heard.push([...new Uint8Array(await next(ws))]);
  ws.binaryType = "blob";
  ws.send(new Blob(["blob"])); heard.push(await (await next(ws)).text());
  const end = closed(ws);
  ws.close(3000, "done");
  states.push(ws.readyState);
  heard.push(await end);
  states.push(ws.readyState);
  return { early, states, heard, type: Object.prototype.toString.call(ws), constants: [WebSocket.OPEN, ws.CLOSED] };
};
export const server = async ({ url }) => { const ws = await open(url); const end = closed(ws); ws.send("close"); return end; };
export const refused = async ({ url }) => { try { await open(url); return "open"; } catch (e) { return [e.code, e.message]; } };
export const ping = async ({ url }) => { const ws = await open(url); const pong = new Promise((r) => ws.addEventListener("pong", r)); ws.ping(new Uint8Array([7])); return [...(await pong).data]; };
export const invalid = () => { try { new WebSocket("ftp://x"); } catch (e) { return e.name; } };
export const leave = async ({ url }) => { await open(url); process.exit(0); };
`;

test("WebSocket of a nodejs plugin talks to a server that the door opens", async () => {
  await using world = openWorld();
  await using p = await run(SOCKET, world.network);
  expect(await p.call("talk", { url: world.ws })).toEqual({
    early: "InvalidStateError",
    states: [0, 1, 2, 3],
    heard: ["welcome", "text ü", [1, 2, 255], "blob", [3000, "done", true]],
    type: "[object WebSocket]",
    constants: [1, 3],
  });
  await until(() => world.hits.includes("closed 3000 done"));
  expect(await p.call("server", { url: world.ws })).toEqual([4001, "as you wish", true]);
  expect(await p.call("ping", { url: world.ws })).toEqual([7]);
  expect(await p.call("invalid")).toBe("SyntaxError");
});

test("WebSocket of a nodejs plugin is refused what the door refuses, and closed with its process", async () => {
  await using world = openWorld();
  await using p = await run(SOCKET, world.network);
  expect(await p.call("refused", { url: "wss://example.com/" })).toEqual([
    "EACCES",
    '"example.com" is not among the hosts that the plugin may connect to',
  ]);
  expect(world.refused).toEqual(["wss://example.com:443"]);
  await refusal(() => p.call("leave", { url: world.ws }));
  await until(() => world.hits.some((hit) => hit.startsWith("closed")));
});

const CLIENTS = `
import http from "node:http";
import { get } from "node:http";
import WS, { WebSocket as NamedWS } from "ws";
import { request as undici, fetch as undiciFetch, ping, WebSocket as UndiciSocket, MessageEvent as UndiciMessage } from "undici";
import { channel } from "node:diagnostics_channel";
import nodeFetch from "node-fetch";
import { Readable } from "node:stream";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const collect = (res) => new Promise((resolve, reject) => { const parts = []; res.on("data", (d) => parts.push(d)); res.on("end", () => resolve(Buffer.concat(parts).toString())); res.on("error", reject); });
const send = (method, url, options, ...bodies) => new Promise((resolve, reject) => {
  const req = http.request(url, { method, ...options }, async (res) => {
    const { statusCode, statusMessage, headers, rawHeaders } = res;
    resolve({ statusCode, statusMessage, headers, raw: rawHeaders.length > 0, body: await collect(res), complete: res.complete, events });
  });
  const events = [];
  for (const name of ["socket", "finish", "response"]) req.on(name, () => events.push(name));
  req.on("error", reject);
  for (const body of bodies) req.write(body);
  req.end();
});
export const request = async ({ base }) => {
  const one = await send("POST", base + "/echo", { headers: { "Content-Type": "text/x", Host: "fake" }, auth: "user:pass" }, "whole");
  const many = await send("PUT", new URL(base + "/echo"), {}, "a", "b", "c");
  const { hostname, port } = new URL(base);
  const plain = await send("GET", { hostname, port, path: "/json" }, {});
  const gzip = await new Promise((resolve) => get(base + "/gzip", (res) => resolve(collect(res).then((body) => [body, res.headers["content-encoding"] ?? null]))));
  const moved = await new Promise((resolve) => require("http").get(base + "/redirect", (res) => { res.resume(); res.on("end", () => resolve([res.statusCode, res.headers.location])); }));
  const big = await new Promise((resolve) => get(base + "/big", (res) => resolve(collect(res).then((body) => body.length))));
  return { one, many: [many.statusCode, many.headers["x-method"], many.body], plain: null, gzip, moved, big };
};
export const viaNodeFetch = async ({ base }) => {
  const answer = await nodeFetch(base + "/echo", { method: "POST", body: Readable.from(["no", "de"]), headers: { "content-type": "text/n" } });
  const parts = []; for await (const part of answer.body.pipe(new (require("node:stream").PassThrough)())) parts.push(part);
  const denied = await require("node-fetch")("http://example.com").catch((e) => e.code);
  return [answer.status, answer.headers.get("x-type"), Buffer.concat(parts).toString(), denied, (await nodeFetch(base + "/json")).ok];
};
const failing = (make) => new Promise((resolve) => { const req = make(); req.on("error", (e) => resolve([e.name, e.code])); req.on("response", (res) => { res.resume(); resolve("answered"); }); });
export const failures = async ({ base }) => ({
  refused: await failing(() => http.get("http://example.com/")),
  secure: await failing(() => require("https").get("https://example.com/")),
  destroyed: await failing(() => { const r = http.get(base + "/hang"); setTimeout(() => r.destroy(), 20); return r; }),
  broken: await failing(() => { const r = http.get(base + "/hang"); setTimeout(() => r.destroy(new RangeError("mine")), 20); return r; }),
  timeout: await failing(() => { const r = http.get(base + "/hang", { timeout: 20 }); r.on("timeout", () => r.destroy(new Error("slow"))); return r; }),
  signal: await failing(() => http.get(base + "/hang", { signal: AbortSignal.timeout(20) })),
  path: (() => { try { http.get({ path: "/a b" }); } catch (e) { return e.code; } })(),
  unix: await failing(() => http.get({ socketPath: "/var/run/docker.sock", path: "/" })),
});
export const ws = async ({ url }) => {
  const socket = new WS(url, { headers: { "x-a": "1" } });
  const heard = [];
  socket.on("message", (data, isBinary) => heard.push([data.toString(), isBinary]));
  await new Promise((resolve, reject) => { socket.on("open", resolve); socket.on("error", reject); });
  await new Promise((resolve) => socket.send("text", resolve));
  socket.send(Buffer.from("bytes"));
  const pong = new Promise((resolve) => socket.on("pong", resolve));
  socket.ping("p");
  heard.push((await pong).toString());
  const closed = new Promise((resolve) => socket.on("close", (code, reason) => resolve([code, reason.toString()])));
  socket.send("close");
  const end = await closed;
  const failed = await new Promise((resolve) => new WS("ws://example.com").on("error", (e) => resolve(e.code)));
  return { heard, end, failed, same: [WS === NamedWS, require("ws") === WS, WS.OPEN, socket.readyState] };
};
export const viaUndici = async ({ base }) => {
  const { statusCode, headers, body } = await undici(base + "/echo", { method: "POST", body: "u", headers: { "content-type": "text/u" } });
  return [statusCode, headers["x-type"], headers["set-cookie"], await body.text(), await (await undiciFetch(base + "/json")).json()];
};
export const undiciSocket = async ({ url }) => {
  const socket = new UndiciSocket(url, { dispatcher: {} });
  const welcome = await new Promise((resolve) => socket.addEventListener("message", resolve));
  const pong = new Promise((resolve) => channel("undici:websocket:pong").subscribe(resolve));
  ping(socket, Buffer.from("u"));
  const { websocket, payload } = await pong;
  socket.close(1000);
  let fault; try { ping({}); } catch (e) { fault = e.message; }
  return [welcome.data, welcome instanceof UndiciMessage, websocket === socket, Buffer.isBuffer(payload), String(payload), UndiciSocket.OPEN, fault];
};
`;

test("http.request, ws, undici and node-fetch of a nodejs plugin go the same way", async () => {
  await using world = openWorld();
  await using p = await run(CLIENTS, world.network);
  const { base } = world;
  const answer = (await p.call("request", { base })) as Record<string, unknown>;
  expect(answer).toMatchObject({
    one: {
      statusCode: 201,
      statusMessage: "Created",
      headers: { "x-method": "POST", "x-type": "text/x", "x-auth": "Basic dXNlcjpwYXNz", "set-cookie": ["a=1", "b=2"] },
      raw: true,
      body: "whole",
      complete: true,
      events: ["socket", "finish", "response"],
    },
    many: [201, "PUT", "abc"],
    gzip: ["packed", null],
    moved: [302, expect.stringContaining("/json")],
    big: 5_000_000,
  });
  expect(await p.call("ws", { url: world.ws })).toEqual({
    heard: [["welcome", false], ["text", false], ["bytes", true], "p"],
    end: [4001, "as you wish"],
    failed: "EACCES",
    same: [true, true, 1, 3],
  });
  expect(world.hits).toContain("with 1");
  expect(await p.call("viaNodeFetch", { base })).toEqual([201, "text/n", "node", "EACCES", true]);
  expect(await p.call("viaUndici", { base })).toEqual([201, "text/u", ["a=1", "b=2"], "u", { hello: "world" }]);
  expect(await p.call("undiciSocket", { url: world.ws })).toEqual([
    "welcome",
    true,
    true,
    true,
    "u",
    1,
    "Expected a WebSocket",
  ]);
});

test("http.request of a nodejs plugin fails as clients expect it", async () => {
  await using world = openWorld();
  await using p = await run(CLIENTS, world.network);
  expect(await p.call("failures", { base: world.base })).toEqual({
    refused: ["TypeError", "EACCES"],
    secure: ["TypeError", "EACCES"],
    destroyed: ["Error", "ECONNRESET"],
    broken: ["RangeError", null],
    timeout: ["Error", null],
    signal: ["AbortError", expect.anything()],
    path: "ERR_UNESCAPED_CHARACTERS",
    unix: ["Error", "EACCES"],
  });
  // One whose time was over before the other side had it is not there.
  const count = (wanted: string) => world.hits.filter((hit) => hit === wanted).length;
  await until(() => count("hang aborted") === count("GET /hang"));
});

test("the door is asked for no more than a nodejs plugin may have under way", async () => {
  let asked = 0;
  const network: NetworkDoor = {
    fetch: (_, signal) => {
      asked++;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    connect: (_url, _protocols, signal) => {
      asked++;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  await using p = await run(
    `export const many = async () => {
  for (let i = 0; i < 127; i++) void fetch("http://x/").catch(() => {});
  const control = new AbortController();
  const last = fetch("http://x/", { signal: control.signal }).catch((e) => e.message);
  const over = await fetch("http://x/").catch((e) => e.message);
  for (let i = 0; i < 64; i++) new WebSocket("ws://x/");
  const socket = await new Promise((resolve) => { new WebSocket("ws://x/").onclose = (e) => resolve(e.reason); });
  return [over, socket];
};
export const upload = async () => {
  async function* endless() { for (;;) yield new Uint8Array(1_000_000); }
  return fetch("http://x/", { method: "POST", body: ReadableStream.from(endless()), duplex: "half" }).catch((e) => e.message);
};`,
    network,
  );
  expect(await p.call("many")).toEqual([
    "A plugin may have 128 requests under way at a time",
    "A plugin may have 64 sockets at a time",
  ]);
  expect(asked).toBe(192);
  const other = await p.plugin.start();
  expect(await other.call(callOf("upload"))).toBe("A plugin may have 33554432 bytes of bodies on their way out");
});

test("bodies of a nodejs plugin count until they are answered, also those that are sent to the end", async () => {
  const sizes: number[] = [];
  const answer = Promise.withResolvers<Response>();
  const network: NetworkDoor = {
    fetch: ({ body }) => {
      sizes.push(body?.byteLength ?? 0);
      return answer.promise.then((response) => response.clone());
    },
    connect: () => Promise.reject(new Error("no sockets in this test")),
  };
  await using p = await run(
    `const post = () => fetch("http://x/", { method: "POST", body: new Uint8Array(20_000_000) }).then((r) => r.text(), (e) => e.message);
let first;
export const begin = () => { first = post(); };
export const more = post;
export const again = async () => [await first, await post()];`,
    network,
  );
  await p.call("begin");
  await until(() => sizes.length === 1);
  expect(await p.call("more")).toBe("A plugin may have 33554432 bytes of bodies on their way out");
  answer.resolve(new Response("ok"));
  expect(await p.call("again")).toEqual(["ok", "ok"]);
  expect(sizes).toEqual([20_000_000, 20_000_000]);
});
