import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { providers } from "../../src/providers/index.ts";
import { startAnthropicFake } from "../support/providers/anthropic.ts";
import type { ProviderFake, Step } from "../support/providers/fake.ts";
import { startGeminiFake } from "../support/providers/gemini.ts";
import { startOllamaFake } from "../support/providers/ollama.ts";
import { collect, joined, openProvider, requestOf } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { mutated } from "./mutation.ts";

const STEPS: readonly Step[] = [
  { thinking: "The person greets. " },
  "Grüße, ",
  "wörld 🦜",
  { tool_call: { id: "c1", name: "time", args: { zone: "Europe/Zürich", list: [1, { a: null }] } } },
];

const VENDORS: readonly (readonly [keyof typeof providers, () => ProviderFake])[] = [
  ["anthropic", startAnthropicFake],
  ["openai", startOpenAiFake],
  ["openai-compatible", startOpenAiFake],
  ["gemini", startGeminiFake],
  ["ollama", startOllamaFake],
];

interface Recorded {
  /** Of what goes into `base_url`. */
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

/** What the vendor's server sends for `STEPS`. */
async function record(kind: keyof typeof providers, start: () => ProviderFake): Promise<Recorded> {
  await using fake = start();
  fake.reply(STEPS);
  let recorded: Recorded | undefined;
  await using relay = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const answer = await fetch(new URL(`${pathname}${search}`, fake.url), {
        method,
        headers,
        body: await request.text(),
      });
      const path = new URL(fake.url).pathname;
      recorded = { path, type: answer.headers.get("content-type") ?? "", body: await answer.text() };
      return new Response(recorded.body, { headers: { "content-type": recorded.type } });
    },
  });
  const provider = await openProvider(kind, {
    api_key: "k",
    base_url: new URL(new URL(fake.url).pathname, relay.url).href,
  });
  const { error } = await collect(provider.stream(requestOf(), AbortSignal.timeout(10_000)));
  if (error || !recorded) throw new Error(`The recording of ${kind} failed: ${error?.message}`);
  return recorded;
}

/** A server of the vendor that answers with what it is told, in pieces of so many bytes. */
function serve({ path, type }: Recorded) {
  let answer: { readonly bytes: Uint8Array; readonly sizes: readonly number[] } = {
    bytes: new Uint8Array(),
    sizes: [1],
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            const { bytes, sizes } = answer;
            for (let at = 0, piece = 0; at < bytes.length; piece++) {
              const size = sizes[piece % sizes.length]!;
              controller.enqueue(bytes.subarray(at, at + size));
              at += size;
              await Promise.resolve();
            }
            controller.close();
          },
        }),
        { headers: { "content-type": type } },
      ),
  });
  return {
    url: new URL(path, server.url).href,
    tell: (bytes: Uint8Array, sizes: readonly number[]) => {
      answer = { bytes, sizes };
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const SAMPLE = { seed: 20_261_121, numRuns: 150 };
const SIZES = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 });

describe.each(VENDORS)("a stream of %s", (kind, start) => {
  const replies = async (values: Iterable<readonly [Uint8Array, readonly number[]]>) => {
    const recorded = await record(kind, start);
    await using server = serve(recorded);
    const provider = await openProvider(kind, { api_key: "k", base_url: server.url });
    const outcomes = [];
    for (const [bytes, sizes] of values) {
      server.tell(bytes, sizes);
      outcomes.push(await collect(provider.stream(requestOf(), AbortSignal.timeout(10_000))));
    }
    return outcomes;
  };

  test("says the same wherever the network cuts it", async () => {
    const { body } = await record(kind, start);
    const sizes = [[1_000_000], [1], ...fc.sample(SIZES, { ...SAMPLE, numRuns: 40 })];
    const outcomes = await replies(sizes.map((each) => [new TextEncoder().encode(body), each]));
    const [whole, ...cut] = outcomes.map(({ parts, error }) => [joined(parts), error]);
    expect(whole![1]).toBeUndefined();
    for (const outcome of cut) expect(withoutIds(outcome)).toEqual(withoutIds(whole));
  });

  test("that is spoiled ends, or fails as a failure of the provider", async () => {
    const { body } = await record(kind, start);
    const outcomes = await replies(fc.sample(fc.tuple(mutated(body), SIZES), SAMPLE));
    const failures = outcomes.flatMap(({ error }) => (error ? [`${error.reason} ${String(error.data.failure)}`] : []));
    expect(outcomes.filter(({ parts, error }) => !error && parts.at(-1)?.type !== "finish")).toEqual([]);
    expect([...new Set(failures)].toSorted()).toEqual(["provider_error malformed", "provider_error network"]);
    expect(failures.length).toBeGreaterThan(10);
  });
});

/** Some vendors send calls without an id, and then it is made up. */
function withoutIds(outcome: unknown): unknown {
  return JSON.parse(JSON.stringify(outcome).replace(/"call_[0-9a-f]{32}"/g, '"call"'));
}
