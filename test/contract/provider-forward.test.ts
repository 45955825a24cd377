/** What every provider that hands requests on must do: bytes there, bytes back, and failures as in a stream. */
import { describe, expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import type { Dialect, Forward } from "../../src/sdk/provider.ts";
import { startAnthropicFake } from "../support/providers/anthropic.ts";
import { startGeminiFake } from "../support/providers/gemini.ts";
import { startOllamaFake } from "../support/providers/ollama.ts";
import { openProvider } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const KEY = "sk-secret-0123456789abcdef";

const ROUTES = [
  { type: "anthropic", dialect: "messages", base: "", path: "/v1/messages", start: startAnthropicFake },
  { type: "openai", dialect: "chat", base: "/v1", path: "/v1/chat/completions", start: startOpenAiFake },
  { type: "openai-compatible", dialect: "chat", base: "/v1", path: "/v1/chat/completions", start: startOpenAiFake },
  {
    type: "gemini",
    dialect: "chat",
    base: "/v1beta/openai/",
    path: "/v1beta/openai/chat/completions",
    start: startGeminiFake,
  },
  { type: "ollama", dialect: "chat", base: "/", path: "/v1/chat/completions", start: startOllamaFake },
] as const satisfies { type: string; dialect: Dialect; base: string; path: string; start: unknown }[];

const BODY = '{ "model":"test-model","stream":true, "unknown": [1,  2] }';

async function failureOf(work: Promise<unknown>) {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AlephError)) throw new Error(`No AlephError: ${thrown}`);
  return { reason: thrown.reason, message: thrown.message, data: thrown.data };
}

test("each provider says which dialects it speaks", async () => {
  const dialects = async (type: Parameters<typeof openProvider>[0]) =>
    Object.keys((await openProvider(type, { base_url: "http://127.0.0.1:9" })).forward ?? {});
  expect(await dialects("anthropic")).toEqual(["messages"]);
  expect(await dialects("openai")).toEqual(["chat", "responses"]);
  expect(await dialects("openai-compatible")).toEqual(["chat"]);
  expect(await dialects("gemini")).toEqual(["chat"]);
  expect(await dialects("ollama")).toEqual(["chat"]);
  expect((await openProvider("demo", {})).forward).toBeUndefined();
});

describe.each(ROUTES)("provider $type forwarding $dialect", ({ type, dialect, base, path, start }) => {
  async function setUp(table: Record<string, unknown> = {}, key?: string) {
    const fake = start(key === undefined ? {} : { key });
    const provider = await openProvider(type, { api_key: KEY, base_url: fake.url, ...table });
    const forward: Forward = (provider.forward as Record<string, Forward>)[dialect]!;
    return { fake, forward, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
  }

  test("adds address and key and nothing else, and hands the answer back as it is", async () => {
    const received: { path: string; text: string }[] = [];
    const answer = 'data: {"odd":   1}\n\ndata: [DONE]\n\n';
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        received.push({ path: new URL(request.url).pathname, text: await request.text() });
        return new Response(answer, { headers: { "content-type": "text/event-stream", "x-request-id": "r1" } });
      },
    });
    const base_url = new URL(base, server.url).href;
    const provider = await openProvider(type, { api_key: KEY, base_url });
    const response = await (provider.forward as Record<string, Forward>)[dialect]!(BODY, new AbortController());
    expect(received).toEqual([{ path, text: BODY }]);
    expect([response.status, response.headers.get("x-request-id"), await response.text()]).toEqual([200, "r1", answer]);
  });

  test("hands on a piece before the next one is sent", async () => {
    await using it = await setUp({}, KEY);
    const gate = Promise.withResolvers<void>();
    it.fake.reply(["first", { wait: gate.promise }, "second"]);
    const response = await it.forward(BODY, new AbortController());
    let text = "";
    for await (const chunk of response.body!) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("first")) gate.resolve();
    }
    expect(text).toContain("second");
  });

  test("sends the client's headers of the dialect, but never in place of the key", async () => {
    await using it = await setUp({ headers: { "x-team": "blue" } }, KEY);
    it.fake.reply("ok");
    const headers = {
      "Anthropic-Version": "2026-10-21",
      "anthropic-beta": "one",
      Authorization: "Bearer other",
      "x-team": "red",
    };
    await (
      await it.forward(BODY, new AbortController(), {
        ...headers,
        ...(type === "anthropic" ? { "X-Api-Key": "other" } : {}),
      })
    ).text();
    const sent = it.fake.requests[0]!.headers;
    expect(["anthropic-version", "anthropic-beta", "x-team", "accept-encoding"].map((name) => sent.get(name))).toEqual([
      "2026-10-21",
      "one",
      "blue",
      "identity",
    ]);
    expect(sent.get("authorization")).toBe(`Bearer ${KEY}`);
  });

  test("sends no key where its table has none", async () => {
    await using fake = start();
    const provider = await openProvider(type, { base_url: fake.url });
    fake.reply("ok");
    await (await (provider.forward as Record<string, Forward>)[dialect]!(BODY, new AbortController())).text();
    const { headers } = fake.requests[0]!;
    expect([headers.get("authorization"), headers.get("x-api-key")]).toEqual([null, null]);
  });

  test("reports a refused request with the vendor's own error, without the key", async () => {
    await using it = await setUp();
    it.fake.reply({ status: 400, message: `Unknown field, says ${KEY} and sk-ab****yz` });
    const { reason, data } = await failureOf(it.forward(BODY, new AbortController()));
    const body = JSON.stringify(data.body);
    expect([reason, data.provider, data.failure, data.status]).toEqual(["provider_error", type, "bad_request", 400]);
    expect(body).toContain("Unknown field, says [masked] and [masked]");
    expect(body).not.toContain("secret");
  });

  test("reports a refused key", async () => {
    await using it = await setUp({}, "another");
    const { message, data } = await failureOf(it.forward(BODY, new AbortController()));
    expect([message, data.failure]).toEqual([`Provider "${type}" refused the API key (status 401)`, "auth"]);
    expect(JSON.stringify(data)).not.toContain(KEY);
  });

  test("reads Retry-After of a rate limit", async () => {
    await using it = await setUp();
    it.fake.reply({ status: 429, message: "Slow down", headers: { "retry-after": "7" } });
    const { data } = await failureOf(it.forward(BODY, new AbortController()));
    expect(data).toMatchObject({ failure: "rate_limit", status: 429, retry_after_ms: 7_000 });
  });

  test("reports an error page without it", async () => {
    await using it = await setUp();
    it.fake.reply({ status: 502, body: "<html><h1>Bad gateway</h1></html>", headers: { "content-type": "text/html" } });
    expect(await failureOf(it.forward(BODY, new AbortController()))).toEqual({
      reason: "provider_error",
      message: `Provider "${type}" answered with status 502`,
      data: { provider: type, failure: "overloaded", status: 502 },
    });
  });

  test("takes a page in place of an answer for what it is", async () => {
    await using it = await setUp();
    it.fake.reply({ body: "<html>Welcome</html>", headers: { "content-type": "text/html" } });
    expect((await failureOf(it.forward(BODY, new AbortController()))).data).toEqual({
      provider: type,
      failure: "malformed",
    });
  });

  test("does not follow a redirect", async () => {
    await using other = start();
    await using it = await setUp();
    it.fake.reply({ status: 307, headers: { location: `${other.url}/stolen` }, body: "" });
    expect((await failureOf(it.forward(BODY, new AbortController()))).data).toEqual({
      provider: type,
      failure: "bad_request",
      status: 307,
    });
    expect(other.journal).toEqual([]);
  });

  test("gives up on a server that does not answer in time, and hangs up", async () => {
    await using it = await setUp({ timeout_ms: 30 });
    it.fake.reply({ steps: ["late"], after: new Promise(() => undefined) });
    expect(await failureOf(it.forward(BODY, new AbortController()))).toEqual({
      reason: "provider_error",
      message: `Provider "${type}" did not answer within 30 ms`,
      data: { provider: type, failure: "timeout" },
    });
    expect(await it.fake.requests[0]!.ended).toBe("hung_up");
  });

  test("waits for the body as long as it takes", async () => {
    await using it = await setUp({ timeout_ms: 200 });
    const gate = Promise.withResolvers<void>();
    it.fake.reply(["first", { wait: gate.promise }, "second"]);
    const response = await it.forward(BODY, new AbortController());
    setTimeout(gate.resolve, 300);
    expect(await response.text()).toContain("second");
  });

  test("hangs up at once when its signal aborts, before the answer and in the middle of it", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["late"], after: new Promise(() => undefined) }, { steps: ["Hello"], end: "silence" });
    const early = new AbortController();
    const outcome = failureOf(it.forward(BODY, early));
    await it.fake.received(1);
    early.abort();
    expect((await outcome).reason).toBe("cancelled");
    expect(await it.fake.requests[0]!.ended).toBe("hung_up");
    const late = new AbortController();
    const response = await it.forward(BODY, late);
    const reading = response.text().catch(() => "broken");
    late.abort();
    expect(await reading).toBe("broken");
    expect(await it.fake.requests[1]!.ended).toBe("hung_up");
  });

  test("sends nothing when its signal has aborted already", async () => {
    await using it = await setUp();
    const over = new AbortController();
    over.abort();
    expect((await failureOf(it.forward(BODY, over))).reason).toBe("cancelled");
    expect(it.fake.journal).toEqual([]);
  });

  test("reports a server that is not there", async () => {
    const gone = await openProvider(type, { api_key: KEY, base_url: "http://127.0.0.1:9/" });
    const { data } = await failureOf((gone.forward as Record<string, Forward>)[dialect]!(BODY, new AbortController()));
    expect(data).toEqual({ provider: type, failure: "network" });
  });

  test("uses one connection for answers that follow each other, also behind an error", async () => {
    const ports = new Set<number>();
    let count = 0;
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request, self) {
        ports.add(self.requestIP(request)!.port);
        return Response.json({}, { status: count++ === 1 ? 429 : 200 });
      },
    });
    const provider = await openProvider(type, { api_key: KEY, base_url: server.url.origin });
    const forward = (provider.forward as Record<string, Forward>)[dialect]!;
    for (let round = 0; round < 5; round++) {
      if (round === 1) await failureOf(forward(BODY, new AbortController()));
      else await (await forward(BODY, new AbortController())).text();
    }
    expect(ports.size).toBe(1);
  });
});
