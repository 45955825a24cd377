import { expect, test } from "bun:test";
import { createDocuments } from "../../../src/document/documents.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "../../../src/media/media.ts";
import { createEgress } from "../../../src/sandbox/egress.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { webFetch } from "../../../src/tools/web-fetch/web-fetch.ts";
import { pdf } from "../../support/documents.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

type Answer = (request: Request) => Response | Promise<Response>;

async function setUp(
  answer: Answer,
  { allow, ...limits }: { allow?: string[]; max_bytes?: number; timeout_ms?: number } = {},
) {
  const workspace = await testWorkspace();
  const requests: { method: string; host: string | null; cookie: string | null }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    idleTimeout: 30,
    fetch(request) {
      const { method, headers } = request;
      requests.push({ method, host: headers.get("host"), cookie: headers.get("cookie") });
      return answer(request);
    },
  });
  const media = createMedia({ durable: createDiskShelf(workspace.home.media), ephemeral: createMemoryShelf() });
  const needs = {
    egress: createEgress({
      fetch,
      lookup: async () => ["127.0.0.1"],
      allowHosts: () => allow ?? [`site.test:${server.port}`],
    }),
    media,
    documents: createDocuments({ sandbox: async () => createSandbox() }),
    config: () => ({ tools: { web_fetch: { max_bytes: 100_000, timeout_ms: 10_000, ...limits } } }),
  };
  const base = `http://site.test:${server.port}`;
  return {
    ...workspace,
    base,
    media,
    requests,
    call: (url = `${base}/`, signal = new AbortController().signal) =>
      callTool(webFetch, needs, { url }, workspace.context({ signal })),
    prepare: () => prepareCall(webFetch, needs, { url: `${base}/` }, workspace.context()),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await workspace[Symbol.asyncDispose]();
    },
  };
}

const page =
  (body: string, type = "text/html; charset=utf-8", status = 200) =>
  () =>
    new Response(body, { status, headers: { "content-type": type } });

test("web_fetch gives a page as Markdown with its address and title", async () => {
  await using t = await setUp(
    page("<title>A &amp; B</title><h1>Hi</h1><p>See <a href='/x'>this</a>.<script>bad()</script>"),
  );
  expect(await t.call()).toEqual({
    ok: true,
    untrusted: true,
    text: `URL: ${t.base}/\nTitle: A & B\n\n# Hi\n\nSee [this](${t.base}/x).`,
  });
  expect(t.requests).toEqual([{ method: "GET", host: t.base.slice("http://".length), cookie: null }]);
});

test.each([
  ["text/plain", "a < b\n  c"],
  ["application/json", '{"a": [1]}'],
  ["application/ld+json; charset=utf-8", "{}"],
  ["text/markdown", "# hi"],
])("web_fetch gives %s as it is", async (type, body) => {
  await using t = await setUp(page(body, type));
  expect(await t.call()).toEqual({ ok: true, text: `URL: ${t.base}/\n\n${body}`, untrusted: true });
});

test("web_fetch takes what the server does not know for text if it is UTF-8", async () => {
  await using t = await setUp(() => new Response(new TextEncoder().encode("just text")));
  expect(await t.call()).toEqual({ ok: true, text: `URL: ${t.base}/\n\njust text`, untrusted: true });
});

test("web_fetch does not take unknown bytes for text", async () => {
  await using t = await setUp(() => new Response(new Uint8Array([0x61, 0xff, 0xfe, 0x62])));
  expect((await t.call()).text).toEndWith("Not text: application/octet-stream, 4 bytes");
});

test("web_fetch says where a redirect led", async () => {
  await using t = await setUp((request) =>
    new URL(request.url).pathname === "/" ? Response.redirect("/end") : new Response("there"),
  );
  expect((await t.call()).text).toBe(`URL: ${t.base}/end\n\nthere`);
});

test("web_fetch counts what it says of a redirect that it does not follow as the server's words", async () => {
  await using t = await setUp(() => new Response(null, { status: 302, headers: { location: "tell:everybody" } }));
  expect(await refusalOf(t.call())).toBe('invalid_params: "tell:everybody" is not an http or https URL');
  expect((await t.prepare()).untrusted).toBe(true);
});

test("web_fetch refuses a redirect to a private address", async () => {
  await using t = await setUp(() => Response.redirect("http://127.0.0.1:1/secret"));
  expect(await refusalOf(t.call())).toBe('forbidden: "127.0.0.1:1" is not on the public internet');
});

test.each([
  "http://127.0.0.1/",
  "http://localhost/",
  "http://[::1]/",
  "http://169.254.169.254/",
  "http://internal.test/",
])("web_fetch refuses %s", async (url) => {
  await using t = await setUp(page("x"));
  expect(await refusalOf(t.call(url))).toEndWith("is not on the public internet");
});

test("web_fetch tells the status of what failed, with what came", async () => {
  await using t = await setUp(page("<p>No such page", "text/html", 404));
  expect(await t.call()).toEqual({
    ok: false,
    text: `URL: ${t.base}/\nStatus: 404 Not Found\n\nNo such page`,
    untrusted: true,
  });
});

test("web_fetch shows an image to the model", async () => {
  const png = Buffer.from("\x89PNG\r\n\x1a\n and more", "latin1");
  await using t = await setUp(() => new Response(png, { headers: { "content-type": "application/octet-stream" } }));
  const result = await t.call();
  expect(result).toEqual({
    ok: true,
    untrusted: true,
    text: `URL: ${t.base}/\nImage (image/png, ${png.byteLength} bytes)`,
    media: [{ type: "media", media_id: expect.any(String), mime: "image/png", size: png.byteLength }],
  });
  expect(Buffer.from((await t.media.get(result.media![0]!.media_id)).bytes)).toEqual(png);
});

test.each([
  ["text/plain", "a\0b"],
  ["application/octet-stream", "a\0b"],
  ["image/png", "no image at all"],
  ["video/mp4", "xxxx"],
])("web_fetch does not pass on %s %j as text", async (type, body) => {
  await using t = await setUp(page(body, type));
  expect(await t.call()).toEqual({
    ok: false,
    text: `URL: ${t.base}/\nNot text: ${type}, ${body.length} bytes`,
    untrusted: true,
  });
});

test("web_fetch reads no more than it may, packed or not", async () => {
  const long = "word ".repeat(100_000);
  for (const packed of [false, true]) {
    const body = packed ? Bun.gzipSync(long) : long;
    const headers = { "content-type": "text/plain", ...(packed ? { "content-encoding": "gzip" } : {}) };
    await using t = await setUp(() => new Response(body, { headers }), { max_bytes: 1000 });
    const { text } = await t.call();
    expect(text).toBe(`URL: ${t.base}/\n\n${"word ".repeat(200)}\n\n[the rest was left out]`);
  }
});

test("web_fetch stops reading a body that never ends", async () => {
  const stopped = Promise.withResolvers<void>();
  const endless = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setImmediate(resolve));
          controller.enqueue("y".repeat(10_000));
        },
        cancel: () => stopped.resolve(),
      }),
      { headers: { "content-type": "text/plain" } },
    );
  await using t = await setUp(endless, { max_bytes: 50_000 });
  expect((await t.call()).ok).toBe(true);
  await stopped.promise;
});

test("web_fetch gives all of a long text: what the model sees of it at once the gate decides", async () => {
  await using t = await setUp(page("z".repeat(90_000), "text/plain"));
  expect((await t.call()).text).toBe(`URL: ${t.base}/\n\n${"z".repeat(90_000)}`);
});

test("web_fetch gives the text of a PDF, whatever the server says that it is", async () => {
  await using t = await setUp(
    () => new Response(Buffer.from(pdf(["Hello PDF"])), { headers: { "content-type": "text/plain" } }),
  );
  expect(await t.call()).toEqual({
    ok: true,
    untrusted: true,
    text: `URL: ${t.base}/\nDocument: pdf\n\n[Page 1]\nHello PDF`,
  });
});

test("web_fetch gives up after its time, whether the headers or the body are missing", async () => {
  const hanging: Answer[] = [
    () => new Promise(() => {}),
    () => new Response(new ReadableStream({ start: (controller) => controller.enqueue("begun") })),
  ];
  for (const answer of hanging) {
    await using t = await setUp(answer, { timeout_ms: 100 });
    expect(await refusalOf(t.call())).toBe(`timeout: "${t.base}/" took longer than 100 ms`);
  }
});

test("web_fetch stops when the run is aborted", async () => {
  const arrived = Promise.withResolvers<void>();
  await using t = await setUp(() => {
    arrived.resolve();
    return new Promise(() => {});
  });
  const abort = new AbortController();
  const calling = refusalOf(t.call(undefined, abort.signal));
  await arrived.promise;
  abort.abort();
  expect(await calling).toContain("AbortError");
});

test("web_fetch says when nothing came", async () => {
  await using t = await setUp(() => new Response(null, { status: 204 }));
  expect(await t.call()).toEqual({ ok: true, text: `URL: ${t.base}/\n\n[no text]`, untrusted: true });
});
