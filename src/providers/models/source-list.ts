/** The providers that can be asked without looking for one on this machine: the config's, the environment's, the plugins'. */
import type { Config } from "../../config/schema.ts";
import { DEMO, findSources, type ProviderSource, type ProviderTypes, type Variables } from "./sources.ts";

export interface SourceListOptions {
  /** The kinds of providers: the list in `index.ts`, and what protocol adapters and plugins add. */
  readonly types: ProviderTypes;
  /** The names of the plugins' kinds, which answer without a table too; `types` has them when it resolves. */
  readonly plugged?: () => Promise<readonly string[]>;
  /** Asked each time, so that a reload takes effect with the next request. */
  readonly config: () => Config;
  readonly env: Variables;
}

export class SourceList {
  readonly #o: SourceListOptions;
  #found:
    | { readonly config: Config; readonly kinds: readonly string[]; readonly sources: readonly ProviderSource[] }
    | undefined;
  /** By name: the same object always, so that what was opened stays open. */
  readonly #plugged = new Map<string, ProviderSource>();

  constructor(options: SourceListOptions) {
    this.#o = options;
  }

  /** Those of config and environment; their kinds are there unless nobody has them. */
  async configured(): Promise<readonly ProviderSource[]> {
    if (!this.#now().every((source) => this.#isKnown(source))) await this.#o.plugged?.();
    return this.#now();
  }

  /** Those of plugins whose names the config does not use. */
  async plugged(): Promise<readonly ProviderSource[]> {
    const names = (await this.#o.plugged?.()) ?? [];
    const taken = new Set(this.#now().map(({ id }) => id));
    return names
      .filter((name) => !taken.has(name))
      .map((name) => {
        const source = this.#plugged.get(name) ?? { id: name, type: name, from: "plugin", table: {} };
        this.#plugged.set(name, source);
        return source;
      });
  }

  async find(id: string): Promise<ProviderSource | undefined> {
    const isWanted = (source: ProviderSource) => source.id === id;
    const source = this.#now().find(isWanted);
    if (source && this.#isKnown(source)) return source;
    if (!source && id === DEMO.id) return DEMO;
    const plugged = await this.plugged();
    return this.#now().find(isWanted) ?? plugged.find(isWanted);
  }

  /** What `find` would give, of those that need no plugin to be started. */
  ready(id: string): ProviderSource | undefined {
    const source = this.#now().find((candidate) => candidate.id === id);
    return source !== undefined && this.#isKnown(source) ? source : undefined;
  }

  #isKnown({ type }: ProviderSource): boolean {
    return type !== undefined && Object.hasOwn(this.#o.types, type);
  }

  /** Found once for each config, which is never changed but replaced, and for the kinds that there are. */
  #now(): readonly ProviderSource[] {
    const { types, env } = this.#o;
    const config = this.#o.config();
    // With each request that is handed on, so that nothing is made to find that all is as it was.
    if (this.#found?.config !== config || !areKeys(types, this.#found.kinds)) {
      this.#found = { config, kinds: Object.keys(types), sources: findSources(config, env, types) };
    }
    return this.#found.sources;
  }
}

function areKeys(record: object, keys: readonly string[]): boolean {
  let index = 0;
  for (const key in record) if (keys[index++] !== key) return false;
  return index === keys.length;
}
