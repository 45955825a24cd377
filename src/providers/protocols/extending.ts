/** A kind of provider that is a built-in one with another address, key, paths or additions to its requests. */
import type * as z from "zod";
import type { AnyProviderType } from "../../sdk/provider.ts";
import { objectOf } from "../wire/call.ts";
import { baseUrlOf, type ConnectionOptions } from "../wire/options.ts";
import type { ExtendingAdapter } from "./schema.ts";
import { dressRequest, withModel } from "./vendor-fetch.ts";

type PathName = keyof NonNullable<ExtendingAdapter["paths"]>;

/** What the built-in kinds ask at, behind their address. */
const OPENAI_PATHS: Readonly<Record<string, PathName>> = {
  "/chat/completions": "chat",
  "/responses": "responses",
  "/models": "models",
  "/embeddings": "embeddings",
  "/images/generations": "images",
  "/audio/transcriptions": "transcriptions",
};
const PATHS: Readonly<Record<ExtendingAdapter["extends"], Readonly<Record<string, PathName>>>> = {
  openai: OPENAI_PATHS,
  "openai-compatible": OPENAI_PATHS,
  gemini: OPENAI_PATHS,
  anthropic: { "/v1/messages": "chat", "/v1/models": "models" },
  ollama: { "/api/chat": "chat", "/v1/chat/completions": "chat", "/api/tags": "models", "/api/embed": "embeddings" },
};

export function extendingType(name: string, adapter: ExtendingAdapter, base: AnyProviderType): AnyProviderType {
  const { facts: _ofOthers, defaultModel: _ofAnother, ...kind } = base;
  return {
    ...kind,
    type: name,
    ...(adapter.default_model === undefined ? {} : { defaultModel: adapter.default_model }),
    needsKey: adapter.needs_key ?? base.needsKey ?? true,
    // The address is the adapter's unless the table says otherwise.
    options: (base.options as z.ZodObject).partial({ base_url: true }),
    open(options, host) {
      const own = { ...adapter.defaults, ...(options as ConnectionOptions) };
      const table: ConnectionOptions = {
        ...own,
        base_url: own.base_url ?? adapter.base_url,
        ...(own.models === undefined && adapter.models !== undefined ? { models: adapter.models } : {}),
      };
      return base.open(table, { ...host, fetch: adaptedFetch(adapter, table, host.fetch) });
    },
  };
}

function adaptedFetch(adapter: ExtendingAdapter, table: ConnectionOptions, send: typeof fetch): typeof fetch {
  const address = { base: baseUrlOf(table, adapter.base_url), key: table.api_key };
  const base = new URL(address.base);
  const root = base.pathname.replace(/\/$/, "");
  const { set, remove = [] } = adapter.request ?? {};
  const paths = adapter.paths ?? {};
  const changesBody = set !== undefined || remove.length > 0;

  const adapted = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    // Files elsewhere, which a vendor sends us to, are none of the adapter's business, nor of its key's.
    if (url.origin !== base.origin || !url.pathname.startsWith(root)) return send(input, init);
    const name = PATHS[adapter.extends][url.pathname.slice(root.length)];
    const path = name === undefined ? undefined : paths[name];
    const text = typeof init.body === "string" ? init.body : undefined;
    const needsModel = path?.includes("{model}") === true;
    const json = text !== undefined && (changesBody || needsModel) ? objectOf(JSON.parse(text)) : undefined;
    const target = path === undefined ? url : new URL(`${address.base}${withModel(path, String(json?.model ?? ""))}`);
    if (target !== url) for (const [key, value] of url.searchParams) target.searchParams.set(key, value);
    const headers = new Headers(init.headers);
    dressRequest(adapter, address, target, headers);
    const body = json !== undefined && changesBody && name === "chat" ? JSON.stringify(changed(json)) : init.body;
    return send(target, { ...init, headers, ...(body === undefined ? {} : { body }) } as RequestInit);
  };

  function changed(json: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const out: Record<string, unknown> = { ...json, ...set };
    for (const key of remove) delete out[key];
    return out;
  }

  return Object.assign(adapted, { preconnect: send.preconnect });
}
