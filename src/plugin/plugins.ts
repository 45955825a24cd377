/** The plugins of this machine: found, judged, kept in use, replaced when they changed, and switched by their owner. */
import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../lib/log.ts";
import { nearest } from "../lib/nearest.ts";
import { createSerial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ActivePlugin, ActivePlugins } from "../sdk/plugin.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import { Bundled } from "./bundled/bundled.ts";
import { Denials } from "./denials.ts";
import { type FoundRoot, type PluginRoot, pluginRoots } from "./discovery.ts";
import { InUse } from "./in-use.ts";
import type { JudgeOptions, Target } from "./judge.ts";
import { KnownFiles } from "./known-files.ts";
import { openVersion } from "./opening.ts";
import { wantedBy } from "./permissions.ts";
import { announce, type Entry, errorIfApproved, idOf, judgeEntries, type Plugin, toPlugin } from "./plugin-entry.ts";
import { PluginLogs } from "./plugin-logs.ts";
import type { PluginVersion } from "./plugin-version.ts";
import type { PluginsOptions } from "./plugins-options.ts";
import { Snapshots } from "./snapshots.ts";
import { survey } from "./survey.ts";
import { Trust } from "./trust.ts";
import { watchPlugins } from "./watching.ts";

export class Plugins implements ActivePlugins, AsyncDisposable {
  readonly denials: Denials;
  readonly logs: PluginLogs;
  readonly #o: PluginsOptions;
  readonly #trust: Trust;
  readonly #files: KnownFiles;
  readonly #snapshots: Snapshots;
  readonly #bundled: Bundled;
  readonly #inUse: InUse;
  readonly #serial = createSerial();
  readonly #following = new DisposableStack();
  /** By path, in the order in which they were found. */
  #entries: ReadonlyMap<string, Entry> = new Map();
  #roots: readonly FoundRoot[] = [];
  #isLoaded = false;
  #isAnnouncing = false;
  #isStarted = false;
  #isClosed = false;

  constructor(options: PluginsOptions) {
    this.#o = options;
    const { store, bus, log, now, host, supervise, folders, version, bundled } = options;
    this.#bundled = new Bundled({ folder: folders.bundled, version, load: bundled });
    this.#inUse = new InUse({ log, wait: supervise.wait });
    this.denials = new Denials({ store, bus, log, now });
    this.logs = new PluginLogs(log);
    this.#trust = new Trust({ store, now });
    this.#files = new KnownFiles(store);
    this.#snapshots = new Snapshots(join(host.run, "approved"));
  }

  async current(): Promise<readonly ActivePlugin[]> {
    if (!this.#isLoaded) await this.refresh();
    return this.#inUse.current;
  }

  onChange(listener: () => void | Promise<void>): Disposable {
    return this.#inUse.onChange(listener);
  }

  /** Loads them, starts those that want to be with the server, and follows changes of their files; never rejects. */
  async start(): Promise<void> {
    this.#isStarted = true;
    await this.follow();
    for (const version of this.#inUse.current) this.#startCode(version);
    const { folders, config, timer } = this.#o;
    await mkdir(folders.user, { recursive: true, mode: 0o700 }).catch(() => "a home that cannot be written has none");
    // The server may have stopped meanwhile.
    if (this.#isClosed) return;
    this.#following.use(this.#o.onConfigChange(() => void this.follow()));
    const watch = watchPlugins({
      isOn: () => config().extensions.hot_reload,
      named: () => this.#named(),
      found: () => this.#roots,
      entries: () => this.#entries.values(),
      onChange: () => void this.follow(),
      ...(timer ? { timer } : {}),
    });
    this.#following.use(watch);
  }

  /** As `refresh`; never rejects. */
  async follow(): Promise<void> {
    try {
      await this.refresh();
    } catch (thrown) {
      this.#o.log.error("plugins could not be loaded", describeError(thrown));
    }
  }

  async list(): Promise<readonly Plugin[]> {
    await this.#lookAgain();
    return [...this.#entries.values()].map(toPlugin);
  }

  sandboxLevel(): Promise<SandboxLevel> {
    return this.#o.sandboxLevel();
  }

  /** The folders that plugins were looked for in, those that are not trusted too. */
  get folders(): readonly FoundRoot[] {
    return this.#roots;
  }

  /** Throws `not_found`. */
  async get(id: string): Promise<Plugin> {
    await this.#lookAgain();
    return toPlugin(this.#find(id));
  }

  /** Opens it anew, changed or not. Throws `not_found`; whether it can be used, its status tells. */
  async reload(id: string): Promise<Plugin> {
    await this.#lookAgain();
    await this.refresh({ forced: this.#find(id) });
    return this.#settled(id);
  }

  /**
   * Its owner has seen what it asks for, and lets it. `sha256` is that of the files that were shown. Throws `not_found`,
   * `conflict` when the files are others by now, and what makes it unfit.
   */
  async approve(id: string, { by, sha256 }: { readonly by: string; readonly sha256?: string }): Promise<Plugin> {
    await this.#lookAgain();
    const entry = this.#find(id);
    const { known, found, fault } = entry;
    if (!known) throw fault ?? new AlephError("plugin_error", `Plugin "${id}" cannot be read`);
    if (sha256 !== undefined && sha256 !== known.sha256) {
      throw new AlephError("conflict", `The files of plugin "${id}" changed since they were shown`, {
        data: { hint: "Look at what it asks for again, and approve that" },
      });
    }
    const approval = { ...known, grant: wantedBy(known.manifest), by };
    const entries = [...this.#entries.values()];
    const unfit = errorIfApproved(entry, { ...approval, at: this.#o.now() }, entries, this.#judging());
    if (unfit) throw unfit;
    await this.#serial(async () => {
      await this.#snapshots.make(known.manifest, known.sha256, found.path);
      await this.#trust.decide(id, found.path, { enabled: true, approval });
    });
    this.#o.log.info("plugin approved", { plugin: id, sha256: known.sha256, by });
    await this.refresh();
    return this.#settled(id);
  }

  /** Throws `not_found`. What was not approved is pending then. */
  enable(id: string): Promise<Plugin> {
    return this.#decide(id, { enabled: true });
  }

  /** Throws `not_found`. Its files and what was approved stay. */
  disable(id: string): Promise<Plugin> {
    return this.#decide(id, { enabled: false });
  }

  /** In development changed files of a plugin need no approval; wider permissions do. Throws `not_found`. */
  develop(id: string, development: boolean): Promise<Plugin> {
    return this.#decide(id, { development });
  }

  /** What is in `plugins` of that folder, or in the folder itself, may be used from now on, or not. Throws `not_found`. */
  async trustFolder(folder: string, isTrusted: boolean): Promise<{ readonly path: string }> {
    const path = await realpath(folder).catch((cause: unknown) => {
      throw new AlephError("not_found", `There is no folder ${JSON.stringify(folder)}`, { cause });
    });
    await this.#trust.trustFolder(path, isTrusted);
    await this.refresh();
    return { path };
  }

  /** Ends it and forgets all about it, also what it kept for itself. For a plugin whose folder is removed then. */
  async forget(id: string): Promise<void> {
    await this.refresh();
    const entry = this.#find(id);
    await this.#serial(async () => {
      await entry.switching?.done;
      this.#close(entry);
      await this.#tell();
      await this.#inUse.cleared();
      await this.#trust.forget(id, entry.found.path);
      await this.#snapshots.keepOnly(id, []);
      await rm(join(this.#o.host.run, "plugins", id), { recursive: true, force: true });
      this.logs.forget(id);
    });
  }

  /** Brings what is in use to what is in the folders and in the config. */
  refresh({ forced }: { readonly forced?: Entry } = {}): Promise<void> {
    return this.#serial(async () => {
      if (this.#isClosed) return;
      await this.#bundled.update();
      await this.#look();
      const isFirst = !this.#isLoaded;
      this.#isLoaded = true;
      for (const entry of this.#entries.values()) await this.#apply(entry, entry === forced);
      void this.#tell();
      const { current } = this.#inUse;
      if (isFirst && current.length > 0) this.#o.log.info("plugins loaded", { count: current.length });
      this.#isAnnouncing = true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#following.dispose();
    await this.#serial(async () => {
      for (const entry of this.#entries.values()) {
        await entry.switching?.done;
        this.#close(entry);
      }
      this.#entries = new Map();
      await this.#tell();
      await this.#inUse.cleared();
      this.denials[Symbol.dispose]();
    });
  }

  /** With those that came with Aleph. */
  async #lookAgain(): Promise<void> {
    await this.#serial(() => this.#bundled.offer());
    await this.refresh();
  }

  #named(): readonly PluginRoot[] {
    const { folders, config } = this.#o;
    return pluginRoots({ ...folders, searchPaths: config().extensions.search_paths });
  }

  /** Takes in what is there, and judges it; nothing is opened or closed but what is gone. */
  async #look(): Promise<void> {
    const old = this.#entries;
    const options = { named: this.#named(), files: this.#files, trust: this.#trust, log: this.#o.log };
    const { roots, entries } = await survey(options, old);
    this.#roots = roots;
    this.#entries = entries;
    for (const [path, entry] of old) {
      if (entries.has(path)) continue;
      await entry.switching?.done;
      this.#close(entry);
      if (entry.shown) this.#o.bus.publish("plugin.unloaded", { plugin_id: entry.shown.id });
    }
    judgeEntries([...entries.values()], this.#judging());
  }

  #judging(): JudgeOptions {
    const { config, version, host, builtInTools } = this.#o;
    const hasCopy = (id: string, sha256: string) => this.#snapshots.has(id, sha256);
    return { extensions: config().extensions, version, places: host.places, builtInTools, hasCopy };
  }

  async #apply(entry: Entry, isForced: boolean): Promise<void> {
    const { verdict, switching } = entry;
    const target = verdict?.target;
    if (target === "serving") return;
    if (switching && switching.sha256 !== target?.sha256) await switching.done;
    if (target === undefined) {
      entry.failure = undefined;
      this.#close(entry);
      return;
    }
    const isServing = entry.version?.sha256 === target.sha256;
    // What was broken is gone again.
    if (isServing && !isForced) entry.failure = undefined;
    if (!isForced && (isServing || entry.switching || entry.failure?.sha256 === target.sha256)) return;
    await entry.switching?.done;
    await this.#use(entry, target);
  }

  async #use(entry: Entry, target: Target): Promise<void> {
    const { id } = target.manifest;
    const log = this.logs.of(id);
    const failed = (thrown: unknown) => {
      entry.failure = { sha256: target.sha256, error: AlephError.from(thrown) };
      log.warn("plugin cannot be used", describeError(thrown));
    };
    let version: PluginVersion;
    try {
      const opening = { ...target, found: entry.found, log, onState: () => void this.#tell() };
      const { runtimes, host, supervise } = this.#o;
      const options = { runtimes, host, supervise, snapshots: this.#snapshots, denials: this.denials };
      version = await openVersion(options, opening);
    } catch (thrown) {
      failed(thrown);
      return;
    }
    const adopt = () => {
      entry.version = version;
      entry.failure = undefined;
      // Those that were there at the start are told of together: an event each would cost the start.
      if (this.#isAnnouncing) {
        log.info("plugin loaded", { version: target.manifest.version });
        this.#o.bus.publish("plugin.loaded", { plugin_id: id, version: target.manifest.version });
      }
      if (this.#isStarted) this.#startCode(version);
    };
    const old = entry.version;
    if (!old) {
      // Whoever brought it here tells of all together.
      adopt();
      return;
    }
    const swap = () => {
      adopt();
      return this.#tell();
    };
    const done = old
      .replace(version, swap, (ended) => {
        this.#inUse.leave(ended);
        // Its code may still load a part of itself until then.
        void ended.catch(() => "told already").then(() => this.#sweep(entry));
      })
      .catch(failed)
      .finally(() => {
        entry.switching = undefined;
        void this.#tell();
      });
    entry.switching = { sha256: target.sha256, done };
    // Without code that runs there is nothing to wait for.
    if (!old.code?.process) await done;
  }

  /** Removes the copies of versions that are neither approved nor in use. */
  #sweep(entry: Entry): Promise<void> {
    return this.#serial(async () => {
      if (this.#isClosed) return;
      const kept = [entry.version?.sha256, entry.decision?.approval?.sha256].filter((sha256) => sha256 !== undefined);
      await this.#snapshots.keepOnly(idOf(entry), kept).catch((thrown: unknown) => {
        this.#o.log.warn("old copies of a plugin could not be removed", describeError(thrown));
      });
    });
  }

  #startCode({ manifest, code }: PluginVersion): void {
    if (manifest.start !== "boot" || !code) return;
    code.start().catch((thrown: unknown) => {
      this.logs.of(manifest.id).warn("plugin could not be started", describeError(thrown));
    });
  }

  /** It ends when those who use plugins were told. */
  #close(entry: Entry): void {
    if (entry.version) this.#inUse.close(entry.version);
    entry.version = undefined;
  }

  async #decide(id: string, change: { readonly enabled?: boolean; readonly development?: boolean }): Promise<Plugin> {
    await this.#lookAgain();
    await this.#trust.decide(id, this.#find(id).found.path, change);
    await this.refresh();
    return this.#settled(id);
  }

  /** Once the change that is under way is through. */
  async #settled(id: string): Promise<Plugin> {
    const entry = this.#find(id);
    await entry.switching?.done;
    return toPlugin(entry);
  }

  #find(id: string): Entry {
    const entries = [...this.#entries.values()].filter((entry) => idOf(entry) === id);
    // Of two with the same id the one that has it.
    const entry = entries.find(({ verdict }) => verdict?.error?.reason !== "conflict") ?? entries[0];
    if (entry) return entry;
    const near = nearest(id, [...this.#entries.values()].map(idOf));
    throw new AlephError("not_found", `No plugin "${id}"`, {
      data: { hint: near ? `Did you mean "${near}"?` : "plugins.list shows those that exist" },
    });
  }

  /** Tells what changed, as events and to those who use plugins; resolves when these have taken it in. */
  #tell(): Promise<void> {
    const taken = this.#inUse.set([...this.#entries.values()].flatMap(({ version }) => version ?? []));
    for (const entry of this.#entries.values()) announce(entry, this.#o.bus);
    return taken;
  }
}
