/** Which providers there are: the tables of the config, and what the environment implies. */
import type { Config } from "../../config/schema.ts";
import type { AnyProviderType } from "../../sdk/provider.ts";

export type ProviderTypes = Readonly<Record<string, () => Promise<AnyProviderType>>>;
export type Variables = Readonly<Record<string, string | undefined>>;

/** One provider, not yet opened. Secrets in `table` are as written: references, not values. */
export interface ProviderSource {
  readonly id: string;
  /** Undefined when the table names none and its own name is none. */
  readonly type: string | undefined;
  readonly from: "config" | "environment" | "plugin" | "detected" | "built-in";
  /** Without `type`. */
  readonly table: Readonly<Record<string, unknown>>;
}

export const LOCAL_OLLAMA = "http://127.0.0.1:11434";

/** Answers when there is nobody else; can always be asked for by name. */
export const DEMO: ProviderSource = { id: "demo", type: "demo", from: "built-in", table: {} };

export const DETECTED_OLLAMA: ProviderSource = {
  id: "ollama",
  type: "ollama",
  from: "detected",
  table: { base_url: LOCAL_OLLAMA },
};

/** The config's in its order, then those of the environment whose id the config does not use. */
export function findSources(config: Config, env: Variables, types: ProviderTypes): ProviderSource[] {
  const implied = impliedSources(env);
  const configured = Object.entries(config.providers).map(([id, { type, ...table }]): ProviderSource => {
    const kind = type ?? (Object.hasOwn(types, id) ? id : undefined);
    const twin = implied.find((source) => source.type === kind);
    // A key from the environment goes to the vendor's own address only.
    const keyless = table.api_key === undefined && table.api_keys === undefined && table.base_url === undefined;
    return { id, type: kind, from: "config", table: keyless && twin ? { ...twin.table, ...table } : table };
  });
  return [...configured, ...implied.filter(({ id }) => !Object.hasOwn(config.providers, id))];
}

function impliedSources(env: Variables): ProviderSource[] {
  const sources: ProviderSource[] = [];
  const add = (type: string, table: Record<string, unknown>, id = type) =>
    sources.push({ id, type, from: "environment", table });
  if (env.ANTHROPIC_API_KEY) add("anthropic", { api_key: env.ANTHROPIC_API_KEY });
  if (env.OPENAI_BASE_URL) {
    // Somebody else's copy of the API has not the models of OpenAI, nor all of its parameters.
    const key = env.OPENAI_API_KEY ? { api_key: env.OPENAI_API_KEY } : {};
    const own = URL.parse(env.OPENAI_BASE_URL)?.hostname === "api.openai.com";
    add(own ? "openai" : "openai-compatible", { base_url: env.OPENAI_BASE_URL, ...key }, "openai");
  } else if (env.OPENAI_API_KEY) add("openai", { api_key: env.OPENAI_API_KEY });
  const gemini = env.GEMINI_API_KEY || env.GOOGLE_API_KEY;
  if (gemini) add("gemini", { api_key: gemini });
  if (env.OLLAMA_HOST) add("ollama", { base_url: ollamaUrl(env.OLLAMA_HOST) });
  return sources;
}

/** OLLAMA_HOST is what the server listens on: a port, a host, or a URL; "any address" is reached at loopback. */
export function ollamaUrl(host: string): string {
  const text = host.startsWith(":") ? `127.0.0.1${host}` : host;
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null) return LOCAL_OLLAMA;
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  if (url.port === "" && !text.includes("://")) url.port = "11434";
  return url.href.replace(/\/$/, "");
}
