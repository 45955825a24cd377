/** The plugins of ALEPH_HOME/plugins: loaded when they are first asked for, and again when their files changed. */
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { fingerprint } from "../lib/fingerprint.ts";
import { describeError, type Log } from "../lib/log.ts";
import { nearest } from "../lib/nearest.ts";
import { createSerial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import type { WirePlugin } from "../protocol/plugin.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { ActivePlugin, ActivePlugins, PluginManifest } from "../sdk/plugin.ts";
import type { Runtime } from "../sdk/runtime.ts";
import { type FoundPlugin, findPlugins, readPluginFile } from "./discovery.ts";
import { MANIFEST_FORMATS, readManifest } from "./manifest-files.ts";
import { PluginVersion } from "./plugin-version.ts";
import { createProcessHost, type HostOptions, pickVariables } from "./process-host.ts";

export interface PluginsOptions {
  /** ALEPH_HOME/plugins. */
  readonly folder: string;
  readonly runtimes: Readonly<Record<string, () => Promise<Runtime<string>>>>;
  readonly config: () => Pick<Config, "extensions">;
  readonly bus: Publisher;
  readonly log: Log;
  readonly host: HostOptions;
}

/** `loaded`: read and not opened yet. `stopped`: switched off by the config. */
export type PluginStatus = WirePlugin["status"];

export interface Plugin {
  /** The folder's name when the manifest could not be read. */
  readonly id: string;
  readonly folder: string;
  readonly manifest: PluginManifest | undefined;
  readonly status: PluginStatus;
  readonly error: AlephError | undefined;
}

/** What is known of one folder until its files change. */
interface Entry {
  readonly found: FoundPlugin;
  /** The files that it was made of, as they were just before they were read. */
  readonly files: Map<string, string>;
  manifest: PluginManifest | undefined;
  status: PluginStatus;
  error: AlephError | undefined;
  open: PluginVersion | undefined;
}

export class Plugins implements ActivePlugins, AsyncDisposable {
  readonly #o: PluginsOptions;
  readonly #serial = createSerial();
  /** By folder, in its order. */
  #entries: ReadonlyMap<string, Entry> = new Map();
  readonly #listeners = new Set<() => void>();
  #current: readonly PluginVersion[] = [];

  constructor(options: PluginsOptions) {
    this.#o = options;
  }

  async current(): Promise<readonly ActivePlugin[]> {
    await this.#refresh();
    return this.#current;
  }

  onChange(listener: () => void): Disposable {
    const own = () => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  async list(): Promise<readonly Plugin[]> {
    await this.#refresh();
    return [...this.#entries.values()].map(toPlugin);
  }

  /** Throws `not_found`. */
  async get(id: string): Promise<Plugin> {
    await this.#refresh();
    return toPlugin(this.#find(id));
  }

  /** Reads and opens it anew, changed or not. Throws `not_found`; whether it can be used, its status tells. */
  async reload(id: string): Promise<Plugin> {
    await this.#refresh();
    await this.#refresh(this.#find(id).found.folder);
    return toPlugin(this.#find(id));
  }

  /** What goes into the system prompt of a run, in the order of the plugins' ids. Never rejects for a plugin's fault. */
  async prompts(message: () => string): Promise<readonly string[]> {
    await this.#refresh();
    const byId = [...this.#entries.values()].toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    return byId
      .flatMap((entry) =>
        (entry.open?.prompts ?? [])
          .filter(({ scope }) => scope === "system" || isCalled(idOf(entry), message()))
          .map(({ text }) => text.trim()),
      )
      .filter((text) => text !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serial(async () => {
      for (const entry of this.#entries.values()) await this.#close(entry);
      this.#entries = new Map();
    });
  }

  #find(id: string): Entry {
    const entries = [...this.#entries.values()].filter((entry) => idOf(entry) === id);
    // Of two with the same id the one that has it.
    const entry = entries.find(({ error }) => error === undefined) ?? entries[0];
    if (entry) return entry;
    const near = nearest(id, [...this.#entries.values()].map(idOf));
    throw new AlephError("not_found", `No plugin "${id}"`, {
      data: { hint: near ? `Did you mean "${near}"?` : "plugins.list shows those that exist" },
    });
  }

  /** Brings what is loaded to what is in the folder; `forced` is read anew in any case. */
  #refresh(forced?: string): Promise<void> {
    return this.#serial(async () => {
      const found = await this.#discover();
      if (found === undefined || (found.length === 0 && this.#entries.size === 0)) return;
      const old = this.#entries;
      const entries = new Map<string, Entry>();
      for (const plugin of found) {
        const known = old.get(plugin.folder);
        const isCurrent = known !== undefined && plugin.folder !== forced && isUnchanged(known, plugin);
        entries.set(plugin.folder, isCurrent ? known : await this.#read(plugin));
      }
      for (const entry of old.values()) if (entries.get(entry.found.folder) !== entry) await this.#close(entry);
      this.#entries = entries;
      await this.#openAll();
      this.#publish();
    });
  }

  #publish(): void {
    const now = [...this.#entries.values()]
      .flatMap(({ open }) => open ?? [])
      .sort((a, b) => (a.manifest.id < b.manifest.id ? -1 : 1));
    if (now.length === this.#current.length && now.every((version, index) => version === this.#current[index])) return;
    this.#current = now;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Nothing when the folder cannot be read: then all stays as it is. */
  async #discover(): Promise<readonly FoundPlugin[] | undefined> {
    try {
      return await findPlugins(this.#o.folder);
    } catch (thrown) {
      this.#o.log.error("plugin folder cannot be read", describeError(thrown));
      return undefined;
    }
  }

  async #read(found: FoundPlugin): Promise<Entry> {
    const entry: Entry = {
      found,
      files: new Map(),
      manifest: undefined,
      status: "loaded",
      error: undefined,
      open: undefined,
    };
    try {
      if (found.isLink) throw new AlephError("plugin_error", "The plugin's folder is a link, which is not followed");
      for (const { file } of MANIFEST_FORMATS) {
        const full = join(found.path, file);
        entry.files.set(full, fingerprint(full));
      }
      entry.manifest = (await readManifest(found.path)).manifest;
    } catch (thrown) {
      this.#fail(entry, thrown);
    }
    return entry;
  }

  #readFile({ found, files }: Entry, path: string): Promise<string> {
    const full = join(found.path, path);
    files.set(full, fingerprint(full));
    return readPluginFile(found.path, path);
  }

  async #openAll(): Promise<void> {
    const { enabled } = this.#o.config().extensions;
    const owners = new Map<string, string>();
    for (const entry of this.#entries.values()) {
      const { manifest, found } = entry;
      if (manifest === undefined) continue;
      const owner = owners.get(manifest.id);
      if (owner === undefined) owners.set(manifest.id, found.folder);
      if (!enabled || owner !== undefined) await this.#close(entry);
      if (owner !== undefined) {
        const message = `Plugin id "${manifest.id}" belongs to the plugin in folder "${owner}"`;
        if (entry.error?.message !== message) this.#fail(entry, new AlephError("conflict", message));
      } else if (!enabled) {
        if (entry.status !== "error") entry.status = "stopped";
      } else if (entry.open === undefined && (entry.status !== "error" || entry.error?.reason === "conflict")) {
        await this.#open(entry, manifest);
      }
    }
  }

  async #open(entry: Entry, manifest: PluginManifest): Promise<void> {
    const { runtimes, bus, log } = this.#o;
    const { id, kind, version } = manifest;
    try {
      const load = Object.hasOwn(runtimes, kind) ? runtimes[kind] : undefined;
      if (!load) throw new AlephError("plugin_error", `Plugins of kind "${kind}" cannot be run by this version`);
      const runtime = await load();
      const readFile = (path: string) => this.#readFile(entry, path);
      const instructions: Record<string, string> = {};
      for (const { name, instructionFile } of manifest.tools) {
        if (instructionFile !== undefined) instructions[name] = await readFile(instructionFile);
      }
      entry.open = new PluginVersion({
        manifest,
        instructions,
        env: pickVariables(manifest.permissions.env, this.#o.host.env),
        open: await runtime.open(manifest, { readFile }),
        host: async (notify) =>
          createProcessHost(
            this.#o.host,
            { manifest, folder: entry.found.path },
            {
              notify,
              denied: (what, target) => log.warn("plugin tried what it may not", { plugin: id, what, target }),
            },
          ),
      });
      entry.status = "running";
      entry.error = undefined;
      log.info("plugin loaded", { plugin: id, version });
      bus.publish("plugin.loaded", { plugin_id: id, version });
    } catch (thrown) {
      this.#fail(entry, thrown);
    }
  }

  #fail(entry: Entry, thrown: unknown): void {
    const { bus, log } = this.#o;
    entry.status = "error";
    entry.error = AlephError.from(thrown);
    const { reason, message } = entry.error;
    log.warn("plugin cannot be used", { plugin: idOf(entry), ...describeError(thrown) });
    bus.publish("plugin.error", { plugin_id: idOf(entry), error: { reason, message } });
  }

  async #close(entry: Entry): Promise<void> {
    const { open } = entry;
    entry.open = undefined;
    try {
      await open?.[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#o.log.error("plugin could not be closed", { plugin: idOf(entry), ...describeError(thrown) });
    }
  }
}

function isUnchanged({ found, files }: Entry, now: FoundPlugin): boolean {
  return found.isLink === now.isLink && [...files].every(([path, stamp]) => fingerprint(path) === stamp);
}

function idOf({ manifest, found }: Entry): string {
  return manifest?.id ?? found.folder;
}

function toPlugin(entry: Entry): Plugin {
  const { manifest, status, error } = entry;
  return { id: idOf(entry), folder: entry.found.folder, manifest, status, error };
}

/** Whether the message begins with `/<id>`; white space before it is how a terminal sends what is no command. */
function isCalled(id: string, message: string): boolean {
  const [first] = message.trimStart().split(/\s/, 1);
  return first === `/${id}`;
}
