/** `Models` for tests, on a config of defaults with what the test gives. */
import { DEFAULTS } from "../../../src/config/defaults.ts";
import type { Config, ProviderTable } from "../../../src/config/schema.ts";
import { providers } from "../../../src/providers/index.ts";
import { Models, type ModelsOptions } from "../../../src/providers/models.ts";
import { silentLog } from "./open.ts";

export interface ModelsSetUp {
  readonly providers?: Record<string, ProviderTable>;
  readonly models?: Partial<Config["models"]>;
  readonly env?: Record<string, string>;
  readonly options?: Partial<ModelsOptions>;
}

export function configOf({ providers: tables = {}, models = {} }: Pick<ModelsSetUp, "providers" | "models">): Config {
  return { ...DEFAULTS, models: { ...DEFAULTS.models, ...models }, providers: tables, agents: {} };
}

/** Nothing listens at the local Ollama's address, whatever runs on this machine. */
export const withoutOllama: typeof fetch = Object.assign(
  async (...[input, init]: Parameters<typeof fetch>) => {
    if (String(input instanceof Request ? input.url : input).startsWith("http://127.0.0.1:11434/")) {
      throw new TypeError("Connection refused");
    }
    return fetch(input, init);
  },
  { preconnect: fetch.preconnect },
);

export function createModels({ env = {}, options = {}, ...config }: ModelsSetUp): Models {
  return new Models({
    types: providers,
    config: () => configOf(config),
    env,
    resolveSecret: async (value) => value,
    log: silentLog,
    fetch: withoutOllama,
    ...options,
  });
}
