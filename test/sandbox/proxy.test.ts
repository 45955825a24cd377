import { expect, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { startProxy } from "../../src/sandbox/proxy.ts";
import { refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";
import { CERTIFICATE, KEY } from "./egress/certificate.ts";

/** A page over http and one over https, and a proxy that knows of both. */
async function setUp() {
  const denied: string[] = [];
  const looked: string[] = [];
  const page = (request: Request) => new Response(`${request.method} ${new URL(request.url).pathname}`);
  const plain = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: page });
  const secure = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: { cert: CERTIFICATE, key: KEY }, fetch: page });
  const proxy = await startProxy({
    rules: [`connect:http://localhost:${plain.port}`, `connect:https://localhost:${secure.port}`],
    lookup: async (host) => {
      looked.push(host);
      return host === "localhost" ? ["127.0.0.1"] : [];
    },
    onDenied: (target) => denied.push(target),
  });
  const password = new URL(proxy.env.http_proxy!);
  const authorization = `Basic ${btoa(`${password.username}:${password.password}`)}`;
  /** What it answers to these bytes. */
  const raw = async (...lines: string[]) => {
    const socket = connect(proxy.port, "127.0.0.1");
    let answer = "";
    const ended = Promise.withResolvers<void>();
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n\r\n")) ended.resolve();
    });
    socket.on("error", () => ended.resolve());
    socket.on("close", () => ended.resolve());
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    await ended.promise;
    socket.destroy();
    return answer.split("\r\n")[0];
  };
  return {
    denied,
    looked,
    proxy,
    raw,
    plain: plain.port,
    secure: secure.port,
    authorization: `Proxy-Authorization: ${authorization}`,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await Promise.all([plain.stop(true), secure.stop(true)]);
    },
  };
}

test("startProxy passes requests and tunnels to hosts of its rules", async () => {
  await using t = await setUp();
  const proxy = t.proxy.env.http_proxy!;
  const over = async (url: string, init: object = {}) =>
    (await fetch(url, { proxy, tls: { rejectUnauthorized: false }, keepalive: false, ...init })).text();
  expect(await over(`http://localhost:${t.plain}/a`)).toBe("GET /a");
  expect(await over(`http://localhost:${t.plain}/b`, { method: "POST", body: "x".repeat(100_000) })).toBe("POST /b");
  expect(await over(`https://localhost:${t.secure}/c`)).toBe("GET /c");
  expect(t.denied).toEqual([]);
});

test("startProxy refuses who has not its password", async () => {
  await using t = await setUp();
  const host = `localhost:${t.plain}`;
  expect(await t.raw(`GET http://${host}/ HTTP/1.1`, `Host: ${host}`)).toContain(" 407 ");
  expect(await t.raw(`CONNECT localhost:${t.secure} HTTP/1.1`, "Host: x")).toContain(" 407 ");
  const wrong = `Proxy-Authorization: Basic ${btoa("aleph:guess")}`;
  expect(await t.raw(`GET http://${host}/ HTTP/1.1`, `Host: ${host}`, wrong)).toContain(" 407 ");
  expect(t.looked).toEqual([]);
});

test("startProxy refuses other hosts, ports and schemes before it looks up their names", async () => {
  await using t = await setUp();
  const get = (url: string) => t.raw(`GET ${url} HTTP/1.1`, "Host: x", t.authorization);
  const tunnel = (target: string) => t.raw(`CONNECT ${target} HTTP/1.1`, "Host: x", t.authorization);
  for (const url of [
    "http://other.test/",
    `http://127.0.0.1:${t.plain}/`,
    `http://localhost:${t.secure}/`,
    `http://localhost.:${t.secure}/`,
    "http://169.254.169.254/latest/meta-data/",
  ]) {
    expect(await get(url)).toContain(" 403 ");
  }
  for (const target of [
    "other.test:443",
    `127.0.0.1:${t.secure}`,
    // Named for http only.
    `localhost:${t.plain}`,
    "localhost:22",
    `localhost@other.test:${t.secure}`,
    `localhost/x:${t.secure}`,
    `localhost%00.other.test:${t.secure}`,
  ]) {
    expect(await tunnel(target)).toMatch(/ (?:400|403|502) /);
  }
  for (const url of [`https://localhost:${t.secure}/`, `ftp://localhost:${t.plain}/`, "/path"]) {
    expect(await get(url)).toMatch(/ (?:400|403|502) /);
  }
  expect(await get(`http://a:b@localhost:${t.plain}/`)).toContain(" 403 ");
  expect(t.looked).toEqual([]);
  expect(t.denied).toContain("http://169.254.169.254:80");
});

test("startProxy ends open tunnels when it is disposed", async () => {
  await using t = await setUp();
  const socket = connect(t.proxy.port, "127.0.0.1");
  let [answer, closed] = ["", false];
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", () => "closed below");
  socket.on("close", () => {
    closed = true;
  });
  socket.write(`CONNECT localhost:${t.secure} HTTP/1.1\r\nHost: x\r\n${t.authorization}\r\n\r\n`);
  await until(() => answer.includes(" 200 "));
  await t.proxy[Symbol.asyncDispose]();
  await until(() => closed);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** One that lets nothing through but to this port here. */
const towards = (port: number) => ({
  rules: [`connect:http://localhost:${port}`],
  lookup: async () => ["127.0.0.1"],
  onDenied: () => undefined,
});

test("startProxy outlives a client that goes away before its answer comes", async () => {
  const asked = Promise.withResolvers<Socket>();
  let cut = false;
  await using server = createServer((socket) => {
    socket.once("data", () => asked.resolve(socket));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      cut = true;
    });
  });
  const port = await listen(server);
  await using proxy = await startProxy(towards(port));
  const client = connect(proxy.port, "127.0.0.1");
  const { username, password } = new URL(proxy.env.http_proxy!);
  client.write(`GET http://localhost:${port}/ HTTP/1.1\r\nHost: localhost\r\nProxy-Authorization: Basic `);
  client.write(`${btoa(`${username}:${password}`)}\r\n\r\n`);
  const upstream = await asked.promise;
  client.destroy();
  // What others ask is answered only after the proxy has seen that.
  for (let round = 0; round < 3; round += 1) expect((await fetch(`http://127.0.0.1:${proxy.port}/`)).status).toBe(407);
  upstream.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin");
  await until(() => cut);
  expect((await fetch(`http://127.0.0.1:${proxy.port}/`)).status).toBe(407);
});

test.each([
  ["has a status that is none", "HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nhi"],
  ["changes the protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhi"],
])("startProxy outlives an answer that %s", async (_, said) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(said));
  });
  const port = await listen(server);
  await using proxy = await startProxy(towards(port));
  const { status } = await fetch(`http://localhost:${port}/`, { proxy: proxy.env.http_proxy!, keepalive: false });
  expect(status).toBe(502);
  expect((await fetch(`http://127.0.0.1:${proxy.port}/`)).status).toBe(407);
  server.close();
});

test("startProxy refuses a rule that is none", async () => {
  const starting = startProxy({ rules: ["https://x"], lookup: async () => [], onDenied: () => {} });
  expect(await refusalOf(starting)).toStartWith("plugin_error: Network permission");
});
