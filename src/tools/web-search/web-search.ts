/** Searches the web with the engine that the config names. */
import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import { defineTool } from "../../sdk/tool.ts";
import { askEngine, type EngineCall } from "./ask-engine.ts";
import { brave } from "./brave.ts";
import { type Hit, PERIODS } from "./engine.ts";
import { searxng } from "./searxng.ts";
import { tavily } from "./tavily.ts";
import description from "./web-search.md" with { type: "text" };

interface Needs {
  readonly fetch: typeof fetch;
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly config: () => {
    readonly tools: {
      readonly web_search: {
        readonly provider?: keyof typeof ENGINES;
        readonly api_key?: string;
        readonly base_url?: string;
        readonly timeout_ms: number;
      };
    };
  };
}

const ENGINES = { brave, tavily, searxng } as const;
const DEFAULT_COUNT = 8;

export const webSearch = defineTool({
  name: "web_search",
  description,
  params: z.strictObject({
    query: z.string().min(1).max(400).describe("what to search for, as one would type it"),
    count: z.int().min(1).max(20).optional().describe("how many results"),
    period: z.enum(PERIODS).optional().describe("only what is not older"),
  }),
  parallel: true,
  requires: ["tools.web_search.provider"],
  prepare(needs: Needs, { query, count = DEFAULT_COUNT, period }, { signal }) {
    const { name } = engineOf(needs);
    return {
      tier: "allow",
      reason: "Searches the web",
      plan: { engine: name, query, count, ...(period === undefined ? {} : { period }) },
      outward: true,
      async run() {
        const call = await callOf(needs);
        const hits = await askEngine(call, { text: query, count, period }, signal);
        return { ok: true, text: describe(hits), untrusted: true };
      },
    };
  },
});

/** Throws `config_invalid` when no engine is set. */
function engineOf({ config }: Needs) {
  const { provider } = config().tools.web_search;
  if (provider !== undefined) return { name: provider, engine: ENGINES[provider] };
  throw new AlephError("config_invalid", "No search engine is set", {
    data: { hint: "The user can set one in config.toml: [tools.web_search] provider, api_key" },
  });
}

async function callOf(needs: Needs): Promise<EngineCall> {
  const { name, engine } = engineOf(needs);
  const { api_key, base_url = engine.baseUrl, timeout_ms } = needs.config().tools.web_search;
  if (base_url === undefined) throw unset(name, "base_url");
  if (api_key === undefined && engine.needsKey) throw unset(name, "api_key");
  const key = api_key === undefined ? undefined : await needs.resolveSecret(api_key);
  return { name, engine, base: base_url.replace(/\/+$/, ""), key, timeoutMs: timeout_ms, fetch: needs.fetch };
}

function unset(name: string, key: string): AlephError {
  return new AlephError("config_invalid", `Search at ${name} needs tools.web_search.${key} in config.toml`);
}

function describe(hits: readonly Hit[]): string {
  if (hits.length === 0) return "Nothing was found";
  return hits
    .map(({ title, url, snippet, date }, index) =>
      [
        `${index + 1}. ${title}`,
        `   ${url}`,
        ...(date ? [`   ${date}`] : []),
        ...(snippet ? [`   ${snippet}`] : []),
      ].join("\n"),
    )
    .join("\n");
}
