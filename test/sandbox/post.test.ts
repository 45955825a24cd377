import { expect, test } from "bun:test";
import { createNetworkDoor } from "../../src/sandbox/broker.ts";
import { parseNetworkRules } from "../../src/sandbox/network-rules.ts";
import { mayPost, post } from "../../src/sandbox/post.ts";
import { refusal } from "../support/config.ts";

async function callOf(answer: (request: Request) => Response | Promise<Response>) {
  const seen: { method: string; header: string | null; body: string }[] = [];
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      seen.push({ method: request.method, header: request.headers.get("x-key"), body: await request.text() });
      return answer(request);
    },
  }) as unknown as AsyncDisposable & { port: number };
  const origin = `http://127.0.0.1:${server.port}`;
  const lookup = async () => [];
  const door = createNetworkDoor({ rules: [`connect:${origin}`], lookup, fetch, onDenied: () => undefined });
  const call = post(
    door,
    { url: `${origin}/hook`, headers: [["x-key", "1"]], body: "{}" },
    new AbortController().signal,
  );
  return { seen, answer: await call };
}

test("post brings a body, and says that it was taken", async () => {
  expect(await callOf(() => new Response("fine"))).toEqual({
    seen: [{ method: "POST", header: "1", body: "{}" }],
    answer: { status: 200, ok: true, isFinal: false, retryAfterMs: 0 },
  });
});

test.each([
  [400, true],
  [404, true],
  [410, true],
  [408, false],
  [425, false],
  [429, false],
  [500, false],
  [503, false],
])("post says of status %p whether trying again changes anything", async (status, isFinal) => {
  const { answer } = await callOf(() => new Response("no", { status, headers: { "retry-after": "7" } }));
  expect(answer).toEqual({ status, ok: false, isFinal, retryAfterMs: 7000 });
});

test("post goes where it was told and follows nobody from there", async () => {
  const moved = callOf((request) => Response.redirect(new URL("/other", request.url).href, 307));
  expect(await refusal(() => moved)).toMatchObject({ message: expect.stringMatching(/redirect/i) });
});

test.each([
  ["https://hooks.example.com/x", true],
  ["https://example.com/x", false],
  ["http://hooks.example.com/x", false],
  ["http://127.0.0.1:9000/x", true],
  ["http://127.0.0.1:9001/x", false],
  ["http://[::1]:9000/x", false],
])("mayPost says of %s whether the rules name it: %p", (url, expected) => {
  const rules = parseNetworkRules(["connect:https://hooks.example.com", "connect:http://127.0.0.1:9000"]);
  expect(mayPost(new URL(url), rules)).toBe(expected);
});
