import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { createEgress, type EgressOptions } from "../../src/sandbox/egress.ts";
import { CERTIFICATE, KEY } from "./egress/certificate.ts";

const never = new AbortController().signal;

interface Call {
  readonly host: string | null;
  readonly path: string;
  readonly headers: Headers;
}

function testServer(
  answer: (request: Request, path: string) => Response | Promise<Response> = () => new Response("hello"),
  tls?: object,
) {
  const calls: Call[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    ...(tls ? { tls } : {}),
    fetch(request) {
      const { pathname } = new URL(request.url);
      calls.push({ host: request.headers.get("host"), path: pathname, headers: request.headers });
      return answer(request, pathname);
    },
  });
  return { calls, port: server.port!, [Symbol.dispose]: () => void server.stop(true) };
}

function egress(options: Partial<EgressOptions> & { readonly allow?: readonly string[] } = {}) {
  const looked: string[] = [];
  const lookup = async (host: string) => {
    looked.push(host);
    return options.lookup ? options.lookup(host) : Promise.reject(new Error("no such name"));
  };
  return { ...createEgress({ fetch, allowHosts: () => options.allow ?? [], ...options, lookup }), looked };
}

async function outcome(work: Promise<{ readonly url: string; readonly response: Response }>): Promise<string> {
  try {
    const { response } = await work;
    return `${response.status} ${await response.text()}`;
  } catch (thrown) {
    return thrown instanceof AlephError ? thrown.reason : `${(thrown as Error).name}`;
  }
}

const HOSTS_THAT_ARE_HERE = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "0x7f.1",
  "0x7f000001",
  "2130706433",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.1.",
  "①②⑦.⓪.⓪.①",
  "１２７.0.0.1",
  "127。0。0。1",
  "0.0.0.0",
  "0",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "127.255.255.254",
];

const PRIVATE_HOSTS = [
  "10.0.0.1",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "169.254.169.254",
  "169.254.170.2",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[fc00::1]",
  "224.0.0.1",
  "255.255.255.255",
  "0xa9fea9fe",
  "2852039166",
];

test.each([...HOSTS_THAT_ARE_HERE, ...PRIVATE_HOSTS])("createEgress refuses the address %s", async (host) => {
  using server = testServer();
  const { get, looked } = egress();
  expect(await outcome(get(`http://${host}:${server.port}/`, {}, never))).toBe("forbidden");
  expect([server.calls, looked]).toEqual([[], []]);
});

test.each([
  ["localhost", ["127.0.0.1"]],
  ["localhost", ["::1", "127.0.0.1"]],
  ["LOCALHOST.", ["127.0.0.1"]],
  ["evil.test", ["127.0.0.1"]],
  ["evil.test", ["8.8.8.8", "127.0.0.1"]],
  ["evil.test", ["127.0.0.1", "8.8.8.8"]],
  ["evil.test", ["::ffff:127.0.0.1"]],
  ["evil.test", ["2606:4700::1111", "fe80::1%lo"]],
  ["metadata.google.internal", ["169.254.169.254"]],
  ["router.lan", ["192.168.1.1"]],
  ["evil.test", ["not an address"]],
])("createEgress refuses the name %s that resolves to %p", async (host, addresses) => {
  using server = testServer();
  const { get } = egress({ lookup: async () => addresses });
  expect(await outcome(get(`http://${host}:${server.port}/`, {}, never))).toBe("forbidden");
  expect(server.calls).toEqual([]);
});

test("createEgress goes to the address that was judged, whatever the name says a moment later", async () => {
  const dialled: string[] = [];
  const fake = (async (url: URL, init: RequestInit) => {
    dialled.push(`${url.href} ${new Headers(init.headers).get("host")}`);
    return new Response("hello");
  }) as unknown as typeof fetch;
  const answers = [["93.184.216.34"], ["127.0.0.1"]];
  const { get, looked } = egress({ fetch: fake, lookup: async () => answers.shift()! });
  expect(await outcome(get("http://rebind.test:8080/a?b=c", {}, never))).toBe("200 hello");
  expect(dialled).toEqual(["http://93.184.216.34:8080/a?b=c rebind.test:8080"]);
  expect(looked).toEqual(["rebind.test"]);
  expect(await outcome(get("http://rebind.test:8080/", {}, never))).toBe("forbidden");
  expect(dialled.length).toBe(1);
});

test.each(["localhost", "localhost:PORT", "LOCALHOST:PORT", "127.0.0.1"])(
  "createEgress lets %s through where it is allowed",
  async (allowed) => {
    using server = testServer();
    const host = allowed.startsWith("127") ? "127.0.0.1" : "localhost";
    const allow = [allowed.replace("PORT", String(server.port))];
    const { get } = egress({ allow, lookup: async () => ["127.0.0.1"] });
    expect(await outcome(get(`http://${host}:${server.port}/x`, { "x-a": "1" }, never))).toBe("200 hello");
    const [call] = server.calls;
    expect([call!.host, call!.path, call!.headers.get("x-a")]).toEqual([`${host}:${server.port}`, "/x", "1"]);
  },
);

test.each([
  ["another port", "localhost:1"],
  ["another host", "localhost.evil.test"],
  ["a part of the name", "local"],
  ["its address instead of its name", "127.0.0.1"],
  ["nothing", ""],
])("createEgress does not take %s in allow_hosts for the host", async (_, allowed) => {
  using server = testServer();
  const { get } = egress({ allow: [allowed], lookup: async () => ["127.0.0.1"] });
  expect(await outcome(get(`http://localhost:${server.port}/`, {}, never))).toBe("forbidden");
  expect(server.calls).toEqual([]);
});

test.each([
  ["http://127.0.0.1:1/", "forbidden"],
  ["http://169.254.169.254/latest", "forbidden"],
  ["//evil.test/x", "forbidden"],
  ["http://[::1]/", "forbidden"],
  ["file:///etc/passwd", "invalid_params"],
  ["data:text/plain,x", "invalid_params"],
  ["http://user:secret@allowed.test/", "forbidden"],
  ["javascript:1", "invalid_params"],
])("createEgress judges a redirect to %s like a first call", async (location, expected) => {
  using server = testServer(() => new Response(null, { status: 302, headers: { location } }));
  const lookup = async () => ["127.0.0.1"];
  const { get } = egress({ allow: [`allowed.test:${server.port}`], lookup });
  expect(await outcome(get(`http://allowed.test:${server.port}/`, {}, never))).toBe(expected);
  expect(server.calls.length).toBe(1);
});

test("createEgress follows redirects and tells where it ended", async () => {
  using server = testServer((_, path) =>
    path === "/end" ? new Response("there") : new Response(null, { status: 301, headers: { location: "/end" } }),
  );
  const { get } = egress({ allow: ["127.0.0.1"] });
  const { url, response } = await get(`http://127.0.0.1:${server.port}/start`, {}, never);
  expect([url, await response.text()]).toEqual([`http://127.0.0.1:${server.port}/end`, "there"]);
});

test("createEgress does not follow for ever", async () => {
  using server = testServer(() => new Response(null, { status: 302, headers: { location: "/again" } }));
  const { get } = egress({ allow: ["127.0.0.1"] });
  expect(await outcome(get(`http://127.0.0.1:${server.port}/`, {}, never))).toBe("not_found");
  expect(server.calls.length).toBe(6);
});

test.each([
  ["ftp://example.com/", "invalid_params"],
  ["file:///etc/passwd", "invalid_params"],
  ["gopher://example.com/", "invalid_params"],
  ["example.com", "invalid_params"],
  ["", "invalid_params"],
  ["http://", "invalid_params"],
  ["http://exa mple.com/", "invalid_params"],
  ["http://example.com/\r\nx: y", "invalid_params"],
  ["http://example.com\0.evil.test/", "invalid_params"],
  ["http://exam\nple.com/", "invalid_params"],
  ["http://user@example.com/", "forbidden"],
  ["http://user:pass@example.com/", "forbidden"],
  ["http://example.com:99999/", "invalid_params"],
])("createEgress refuses %j", async (url, expected) => {
  const { get, looked } = egress({ lookup: async () => ["93.184.216.34"] });
  expect(await outcome(get(url, {}, never))).toBe(expected);
  expect(looked).toEqual([]);
});

test("createEgress asks for the certificate of the name, not of the address", async () => {
  using server = testServer(() => new Response("safe"), { cert: CERTIFICATE, key: KEY });
  const trusting = ((url: URL, init: BunFetchRequestInit) =>
    fetch(url, { ...init, tls: { ...(init.tls as object), ca: CERTIFICATE } })) as typeof fetch;
  const lookup = async () => ["127.0.0.1"];
  const { get } = egress({ fetch: trusting, lookup, allow: ["good.test", "evil.test"] });
  expect(await outcome(get(`https://good.test:${server.port}/`, {}, never))).toBe("200 safe");
  expect(await outcome(get(`https://evil.test:${server.port}/`, {}, never))).toBe("not_found");
  expect(server.calls.map(({ host }) => host)).toEqual([`good.test:${server.port}`]);
});

test("createEgress tries the next address of a name when one does not answer", async () => {
  using server = testServer();
  const { get } = egress({ allow: ["two.test"], lookup: async () => ["127.0.0.2", "::1", "127.0.0.1"] });
  expect(await outcome(get(`http://two.test:${server.port}/`, {}, never))).toBe("200 hello");
});

test("createEgress says when a name or a server is not there", async () => {
  using server = testServer();
  const closed = server.port;
  server[Symbol.dispose]();
  const { get } = egress({
    allow: ["127.0.0.1", "empty.test"],
    lookup: async (host) => (host === "empty.test" ? [] : Promise.reject(new Error("x"))),
  });
  expect(await outcome(get(`http://127.0.0.1:${closed}/`, {}, never))).toBe("not_found");
  expect(await outcome(get("http://none.test/", {}, never))).toBe("not_found");
  expect(await outcome(get("http://empty.test/", {}, never))).toBe("not_found");
});

test("createEgress stops on abort: while it resolves, while it waits, while it reads", async () => {
  const waiting = Promise.withResolvers<void>();
  using server = testServer(async (_, path) => {
    if (path === "/body") return new Response(new ReadableStream({ start: (controller) => controller.enqueue("a") }));
    waiting.resolve();
    return new Promise<Response>(() => {});
  });
  const resolving = new AbortController();
  const first = outcome(egress({ lookup: () => new Promise(() => {}) }).get("http://slow.test/", {}, resolving.signal));
  resolving.abort();
  expect(await first).toBe("AbortError");

  const { get } = egress({ allow: ["127.0.0.1"] });
  const headers = new AbortController();
  const second = outcome(get(`http://127.0.0.1:${server.port}/`, {}, headers.signal));
  await waiting.promise;
  headers.abort();
  expect(await second).toBe("AbortError");

  const body = new AbortController();
  const { response } = await get(`http://127.0.0.1:${server.port}/body`, {}, body.signal);
  const reading = response.text().then(
    () => "read",
    (thrown: Error) => thrown.name,
  );
  body.abort();
  expect(await reading).toBe("AbortError");

  expect(await outcome(get(`http://127.0.0.1:${server.port}/`, {}, AbortSignal.abort()))).toBe("AbortError");
});
