/** Opens a provider: finds its kind, resolves the secrets in its table, checks it and hands it over. */
import type { Log } from "../../lib/log.ts";
import { mapStrings } from "../../lib/map-strings.ts";
import { nearest } from "../../lib/nearest.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { AnyProviderType, OpenProvider } from "../../sdk/provider.ts";
import { providerError } from "../../sdk/provider-error.ts";
import type { ProviderSource, ProviderTypes } from "./sources.ts";

export interface OpeningNeeds {
  readonly types: ProviderTypes;
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly log: Log;
  readonly fetch: typeof fetch;
}

export async function loadType({ id, type }: ProviderSource, types: ProviderTypes): Promise<AnyProviderType> {
  const load = type !== undefined && Object.hasOwn(types, type) ? types[type] : undefined;
  if (load !== undefined) return load();
  const near = type === undefined ? undefined : nearest(type, Object.keys(types));
  const message =
    type === undefined
      ? `Provider ${JSON.stringify(id)} has no type`
      : `Provider ${JSON.stringify(id)} has the unknown type ${JSON.stringify(type)}`;
  throw invalid([{ path: `providers.${id}.type`, message }], message, {
    hint:
      near === undefined ? `Known types are ${Object.keys(types).join(", ")}` : `Did you mean ${JSON.stringify(near)}?`,
  });
}

/** Whether a request would get any further than "where is your key". */
export function lacksKey(type: AnyProviderType, { table }: ProviderSource): boolean {
  return type.needsKey === true && !hasKey(table) && table.base_url === undefined;
}

export function hasKey({ api_key, api_keys }: ProviderSource["table"]): boolean {
  return api_key !== undefined || (Array.isArray(api_keys) && api_keys.length > 0);
}

/** Where its keys come from. `own` is its table in the config, without what the environment adds. */
export function keysFrom(table: ProviderSource["table"], own: ProviderSource["table"] | undefined): string[] {
  const keys = [table.api_key ?? [], table.api_keys ?? []].flat();
  return keys.map((key) =>
    typeof key === "string" && /^(?:env|file|keychain):/.test(key)
      ? key
      : own !== undefined && hasKey(own)
        ? "config"
        : "environment",
  );
}

/** A provider opened with one of its keys; `key` is empty where it has none. */
export interface OpenedWithKey {
  readonly key: string;
  readonly provider: OpenProvider;
}

/**
 * Once for each key, `api_key` first. Throws `config_invalid` when the table is wrong, `provider_error` with failure
 * `auth` when it lacks its key.
 */
export async function openWithKeys(
  source: ProviderSource,
  needs: OpeningNeeds,
): Promise<readonly [OpenedWithKey, ...OpenedWithKey[]]> {
  const type = await loadType(source, needs.types);
  if (lacksKey(type, source)) {
    throw providerError(`Provider ${JSON.stringify(source.id)} has no API key`, {
      provider: source.id,
      failure: "auth",
    });
  }
  const { models, ...secrets } = source.table;
  const resolved = (await mapStrings(secrets, needs.resolveSecret)) as Record<string, unknown>;
  const table = { ...resolved, ...(models === undefined ? {} : { models }) };
  const parsed = type.options.safeParse(table);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({
      path: ["providers", source.id, ...path].join("."),
      message,
    }));
    const [first] = issues;
    throw invalid(issues, `Provider ${JSON.stringify(source.id)} cannot be used: ${first?.path}: ${first?.message}`);
  }
  const log = needs.log.child({ provider: source.id });
  const open = (options: unknown) => type.open(options, { id: source.id, log, fetch: needs.fetch });
  const { api_keys, ...options } = parsed.data as { api_key?: string; api_keys?: readonly string[] };
  const [key, ...others] = [...new Set([options.api_key ?? [], api_keys ?? []].flat())];
  if (key === undefined) return [{ key: "", provider: open(options) }];
  const withKey = (api_key: string) => ({ key: api_key, provider: open({ ...options, api_key }) });
  return [withKey(key), ...others.map(withKey)];
}

/** With its first key: for one look at it. */
export async function openProvider(source: ProviderSource, needs: OpeningNeeds): Promise<OpenProvider> {
  return (await openWithKeys(source, needs))[0].provider;
}

function invalid(issues: readonly object[], message: string, more: Record<string, unknown> = {}): AlephError {
  return new AlephError("config_invalid", message, { data: { issues, ...more } });
}
