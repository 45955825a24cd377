/** Of what plugins declare under names that must be unique, who has which; each part is made when it is first asked for. */
import type { Log } from "../lib/log.ts";
import { once } from "../lib/once.ts";
import type { ActivePlugin, PluginManifest } from "../sdk/plugin.ts";

export interface NamedPartsOptions<T, Made> {
  /** For the log. */
  readonly what: string;
  readonly partsOf: (manifest: PluginManifest) => readonly T[];
  /** Whether the server itself has something of that name. */
  readonly isTaken: (name: string) => boolean;
  readonly make: (plugin: ActivePlugin, part: T) => Promise<Made>;
  readonly log: Log;
}

export interface NamedPart<T, Made> {
  readonly plugin: ActivePlugin;
  readonly part: T;
  /** The same function as long as the plugin is the same object. */
  readonly load: () => Promise<Made>;
}

export class NamedParts<T extends { readonly name: string }, Made> {
  readonly #o: NamedPartsOptions<T, Made>;
  #parts: ReadonlyMap<string, NamedPart<T, Made>> = new Map();

  constructor(options: NamedPartsOptions<T, Made>) {
    this.#o = options;
  }

  get(name: string): NamedPart<T, Made> | undefined {
    return this.#parts.get(name);
  }

  /** The first of these plugins that declares a name has it; the others are told in the log. */
  follow(plugins: readonly ActivePlugin[]): Readonly<Record<string, () => Promise<Made>>> {
    const { what, partsOf, isTaken, make, log } = this.#o;
    const parts = new Map<string, NamedPart<T, Made>>();
    for (const plugin of plugins) {
      for (const part of partsOf(plugin.manifest)) {
        const { name } = part;
        const owner = isTaken(name) ? "the server" : parts.get(name)?.plugin.manifest.id;
        if (owner === undefined) {
          const known = this.#parts.get(name);
          parts.set(name, known?.plugin === plugin ? known : { plugin, part, load: once(() => make(plugin, part)) });
        } else {
          const { id } = plugin.manifest;
          log.warn("part of a plugin is not used: its name is taken", { plugin: id, part: what, name, owner });
        }
      }
    }
    this.#parts = parts;
    return Object.fromEntries([...parts].map(([name, { load }]) => [name, load]));
  }
}
