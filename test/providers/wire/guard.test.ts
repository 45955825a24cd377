/** The limits of one call that no vendor's fake reaches in reasonable time. */
import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { guardStream } from "../../../src/providers/wire/guard.ts";
import { never } from "../../support/providers/open.ts";

const MIB = new Uint8Array(1024 * 1024).fill(0x61);

/** A body that never ends and never has a line. */
function flood(): { fetch: typeof fetch; sent: () => number } {
  let sent = 0;
  const answer = async () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent++;
          controller.enqueue(MIB);
        },
      }),
    );
  return { fetch: Object.assign(answer, { preconnect: fetch.preconnect }), sent: () => sent };
}

test("guardStream stops a body without end that brings nothing", async () => {
  const source = flood();
  const endpoint = {
    provider: "x",
    secrets: [],
    fetch: source.fetch,
    timeoutMs: 60_000,
    wholeMs: 60_000,
    idleTimeoutMs: 60_000,
  };
  const stream = guardStream(
    endpoint,
    never,
    async (call) => {
      const response = await call.fetch("http://x.invalid/");
      return (async function* () {
        // Takes the bytes, and makes nothing of them.
        for await (const _chunk of response.body!);
        yield "never";
      })();
    },
    () => false,
  );
  await expect(Array.fromAsync(stream)).rejects.toMatchObject({
    message: 'Provider "x" sent more than a reply can hold',
    data: { provider: "x", failure: "malformed" },
  });
  expect(source.sent()).toBeLessThan(20);
});

test("guardStream does not count the time that its reader takes", async () => {
  const endpoint = { provider: "x", secrets: [], fetch, timeoutMs: 200, wholeMs: 200, idleTimeoutMs: 200 };
  await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("abc") });
  const stream = guardStream(
    endpoint,
    never,
    async (call) => {
      const text = await (await call.fetch(server.url)).text();
      return (async function* () {
        yield* text;
      })();
    },
    (part) => part === "c",
  );
  const parts: string[] = [];
  for await (const part of stream) {
    parts.push(part);
    const until = performance.now() + 250;
    while (performance.now() < until) await new Promise(setImmediate);
  }
  expect(parts).toEqual(["a", "b", "c"]);
});

test("guardStream keeps nothing of the parts that were taken", async () => {
  const endpoint = { provider: "x", secrets: [], fetch, timeoutMs: 60_000, wholeMs: 60_000, idleTimeoutMs: 60_000 };
  const promises = () => {
    Bun.gc(true);
    return heapStats().objectTypeCounts.Promise ?? 0;
  };
  const stream = guardStream(
    endpoint,
    never,
    async () =>
      (async function* () {
        for (let at = 0; at < 5000; at++) yield at;
      })(),
    (part) => part === 4999,
  );
  let [before, after] = [0, 0];
  for await (const part of stream) {
    if (part === 10) before = promises();
    if (part === 4990) after = promises();
  }
  expect(after - before).toBeLessThan(1000);
});
