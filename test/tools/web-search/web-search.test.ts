import { expect, test } from "bun:test";
import { webSearch } from "../../../src/tools/web-search/web-search.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

type Provider = "brave" | "tavily" | "searxng";
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly key: string | null;
  readonly body?: unknown;
}

/** What each of them answers, as their documentation has it. */
const ANSWERS = {
  brave: {
    type: "search",
    web: {
      type: "search",
      results: [
        {
          title: "Bun &amp; more",
          url: "https://bun.example/",
          description: "A <strong>fast</strong>\n runtime",
          age: "2 days ago",
          language: "en",
        },
        { title: "No address" },
        { title: "", url: "https://b.example/x", description: null },
        { title: "Script", url: "javascript:alert(1)" },
      ],
    },
  },
  tavily: {
    query: "bun",
    answer: null,
    results: [
      {
        title: "Bun & more",
        url: "https://bun.example/",
        content: "A fast runtime",
        score: 0.9,
        published_date: "2 days ago",
      },
      { title: "https://b.example/x", url: "https://b.example/x", content: "", score: 0.1 },
    ],
  },
  searxng: {
    query: "bun",
    number_of_results: 0,
    results: [
      {
        title: "Bun & more",
        url: "https://bun.example/",
        content: "A fast runtime",
        publishedDate: "2 days ago",
        engine: "x",
      },
      { title: "https://b.example/x", url: "https://b.example/x", content: "", publishedDate: null },
    ],
  },
} as const;

async function setUp(
  provider: Provider | undefined,
  answer?: (request: Request) => Response | Promise<Response>,
  table = {},
) {
  const workspace = await testWorkspace();
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      const url = new URL(request.url);
      const { headers, method } = request;
      const key = headers.get("x-subscription-token") ?? headers.get("authorization");
      const body = method === "POST" ? { body: await request.json() } : {};
      seen.push({ method, path: url.pathname, query: Object.fromEntries(url.searchParams), key, ...body });
      return answer ? answer(request) : Response.json(ANSWERS[provider!]);
    },
  });
  const web_search = {
    ...(provider ? { provider } : {}),
    api_key: "env:SEARCH_KEY",
    base_url: `http://127.0.0.1:${server.port}/`,
    timeout_ms: 5_000,
    ...table,
  };
  const needs = {
    fetch,
    resolveSecret: async (value: string) => value.replace("env:SEARCH_KEY", "s3cret"),
    config: () => ({ tools: { web_search } }),
  };
  return {
    seen,
    needs,
    context: workspace.context,
    call: (input: object, signal = new AbortController().signal) =>
      callTool(webSearch, needs, input, workspace.context({ signal })),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await workspace[Symbol.asyncDispose]();
    },
  };
}

const SHOWN =
  "1. Bun & more\n   https://bun.example/\n   2 days ago\n   A fast runtime\n2. https://b.example/x\n   https://b.example/x";

test.each([
  [
    "brave",
    { method: "GET", path: "/res/v1/web/search", query: { q: "bun js", count: "5", freshness: "pw" }, key: "s3cret" },
  ],
  [
    "tavily",
    {
      method: "POST",
      path: "/search",
      query: {},
      key: "Bearer s3cret",
      body: { query: "bun js", max_results: 5, time_range: "week" },
    },
  ],
  [
    "searxng",
    {
      method: "GET",
      path: "/search",
      query: { q: "bun js", format: "json", time_range: "week" },
      key: "Bearer s3cret",
    },
  ],
] as const)("web_search asks %s and shows what it found as a stranger's word", async (provider, request) => {
  await using t = await setUp(provider);
  expect(await t.call({ query: "bun js", count: 5, period: "week" })).toEqual({
    ok: true,
    text: SHOWN,
    untrusted: true,
  });
  expect(t.seen).toEqual([request]);
});

test("web_search is outward and says who is asked", async () => {
  await using t = await setUp("brave");
  const { tier, outward, plan } = await prepareCall(webSearch, t.needs, { query: "bun" }, t.context());
  expect({ tier, outward, plan }).toEqual({
    tier: "allow",
    outward: true,
    plan: { engine: "brave", query: "bun", count: 8 },
  });
});

test("web_search shows no more than was wanted, and says when there is nothing", async () => {
  await using t = await setUp("searxng");
  expect((await t.call({ query: "bun", count: 1 })).text).not.toContain("2. ");
  await using empty = await setUp("tavily", () => Response.json({ results: "none" }));
  expect(await empty.call({ query: "bun" })).toEqual({ ok: true, text: "Nothing was found", untrusted: true });
});

test.each([
  [() => new Response("no", { status: 401 }), "provider_error: Search at brave failed with status 401"],
  [() => new Response("no", { status: 429 }), "rate_limited: Search at brave has had too many questions for now"],
  [() => new Response("<html>"), "provider_error: Search at brave answered with something else than JSON"],
  [() => Response.redirect("http://127.0.0.1:1/steal"), "provider_error: Search at brave failed with status 302"],
  [() => new Response("x".repeat(5_000_000)), "payload_too_large: The answer of the search is too large"],
])("web_search says what went wrong", async (answer, refusal) => {
  await using t = await setUp("brave", answer);
  expect(await refusalOf(t.call({ query: "bun" }))).toBe(refusal);
});

test("web_search gives up after its time, when nobody answers, and when the run is aborted", async () => {
  await using slow = await setUp("brave", () => new Promise(() => {}), { timeout_ms: 50 });
  expect(await refusalOf(slow.call({ query: "bun" }))).toBe("timeout: Search at brave took longer than 50 ms");
  await using gone = await setUp("brave", undefined, { base_url: "http://127.0.0.1:1" });
  expect(await refusalOf(gone.call({ query: "bun" }))).toBe("provider_error: Search at brave cannot be reached");
  expect(await refusalOf(slow.call({ query: "bun" }, AbortSignal.abort()))).toContain("AbortError");
});

test("web_search says which key of the config is missing", async () => {
  await using none = await setUp(undefined);
  expect(await refusalOf(none.call({ query: "bun" }))).toBe("config_invalid: No search engine is set");
  await using keyless = await setUp("brave", undefined, { api_key: undefined });
  expect(await refusalOf(keyless.call({ query: "bun" }))).toBe(
    "config_invalid: Search at brave needs tools.web_search.api_key in config.toml",
  );
  await using homeless = await setUp("searxng", undefined, { base_url: undefined });
  expect(await refusalOf(homeless.call({ query: "bun" }))).toBe(
    "config_invalid: Search at searxng needs tools.web_search.base_url in config.toml",
  );
});
