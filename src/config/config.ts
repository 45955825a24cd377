/** The config in force: read from config.toml, checked, changed through here, and told to those who live by it. */
import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { deepFreeze } from "../lib/deep-freeze.ts";
import { lockFile } from "../lib/file-lock.ts";
import { describeError, LOG_LEVELS, type Log } from "../lib/log.ts";
import { mergePatch } from "../lib/merge-patch.ts";
import { createSerial } from "../lib/serial.ts";
import { type Timer, watchFolder } from "../lib/watch.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import { changedByHandOnly } from "./by-hand.ts";
import { MAX_BYTES, readText, resolveLink } from "./config-file.ts";
import { DEFAULTS } from "./defaults.ts";
import type { Environment } from "./environment.ts";
import type { Home } from "./home.ts";
import type { JsonSchema } from "./json-schema.ts";
import { type Normalised, normalise, type Table } from "./normalise.ts";
import { configInvalid, type Problem, toIssues } from "./problem.ts";
import { redact, restoreMasked } from "./redact.ts";
import type { Config, ConfigInput } from "./schema.ts";
import { resolveSecret } from "./secrets.ts";
import { readStamp, stampOf, writeStamp } from "./stamp.ts";
import { createVault, type Vault } from "./vault.ts";

export interface ConfigOptions {
  readonly home: Home;
  readonly log: Log;
  readonly env: Environment;
  /** Stand above the file and its reloads and are never written: what the command line or a program says. Trusted. */
  readonly overrides?: ConfigInput;
  /** What the schema cannot know, such as the options of each provider kind. Asked whenever the schema is. */
  readonly check?: (config: Config) => Promise<readonly Problem[]>;
  /** How the time passes while another process writes. */
  readonly wait?: (ms: number) => Promise<void>;
}

export interface ConfigChange {
  /** The sections whose values in force changed. */
  readonly changed: string[];
  /** What the person should know about how the file was written. */
  readonly note?: string;
}

export interface ConfigWatchOptions {
  /** The file was changed to something invalid; the config in force stayed. */
  readonly onInvalid?: (issues: readonly Issue[]) => void;
  /** It is valid again, be it with the config that stayed in force. */
  readonly onValid?: () => void;
  readonly debounceMs?: number;
  readonly checkMs?: number;
  readonly timer?: Timer;
}

/** Reads and checks the file. Throws `config_invalid`. An absent file is a config of defaults. */
export async function openConfig(options: ConfigOptions): Promise<ConfigStore> {
  const pinned = pinnedValues(options);
  const text = readText(options.home.config);
  const version = await readVersion(text, pinned, options);
  return new ConfigStore(options, pinned, version);
}

/** One consistent state of the file. Frozen: a reader that keeps one sees no change in it. */
interface Version {
  /** Absent when there is no file. */
  readonly text: string | undefined;
  readonly document: Table;
  readonly config: Config;
}

const LOCK_TIMEOUT_MS = 5000;

export class ConfigStore {
  readonly path: string;
  /** Secrets that are kept outside of the file. */
  readonly vault: Vault;
  readonly #options: ConfigOptions;
  readonly #pinned: Table;
  readonly #listeners = new Set<(sections: string[]) => void>();
  readonly #serial = createSerial();
  #version: Version;

  constructor(options: ConfigOptions, pinned: Table, version: Version) {
    this.path = options.home.config;
    this.vault = createVault(options.home);
    this.#options = options;
    this.#pinned = pinned;
    this.#version = version;
  }

  /** All of it with defaults; references unresolved. Frozen; a change makes a new one. */
  get current(): Config {
    return this.#version.config;
  }

  /** What the file says, in its one spelling. Holds secrets in clear; frozen. */
  raw(): Readonly<Table> {
    return this.#version.document;
  }

  /** `current` as it may be shown. */
  redacted(): Table {
    return redact(this.current as unknown as Table);
  }

  /** What the file says, as it may be shown. */
  redactedFile(): Table {
    return redact(this.#version.document);
  }

  /** What stands above the file: what the command line or the environment says. Secrets masked. */
  pinned(): Table {
    return redact(this.#pinned);
  }

  /** Called after each change, in the order of registration, once the new config is in force. */
  onChange(listener: (sections: string[]) => void): Disposable {
    // A function of its own, so that one listener registered twice is two.
    const own = (sections: string[]) => listener(sections);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /** The secret that a reference names, or the string itself. Throws `config_invalid`. */
  resolve(value: string): Promise<string> {
    return resolveSecret(value, this.#options);
  }

  /** Reads the file again. Throws `config_invalid` and keeps what is in force. */
  reload(): Promise<{ changed: string[] }> {
    return this.#serial(async () => {
      const text = readText(this.path);
      if (text === this.#version.text) return { changed: [] };
      return { changed: this.#adopt(await readVersion(text, this.#pinned, this.#options)) };
    });
  }

  /** Changes the file by a merge patch (RFC 7396). Throws `config_invalid` and leaves all as it was. */
  patch(patch: unknown): Promise<ConfigChange> {
    return this.#write((document) => {
      const { document: wanted, problems } = normalise(patch, { patch: true });
      const restored = restoreMasked(wanted, document);
      return {
        document: mergePatch(document, restored.document) as Table,
        problems: [...problems, ...restored.problems],
      };
    });
  }

  /** Replaces all that the file says. Throws `config_invalid` and leaves all as it was. */
  apply(config: unknown): Promise<ConfigChange> {
    return this.#write((document) => {
      const { document: wanted, problems } = normalise(config);
      const restored = restoreMasked(wanted, document);
      return { document: restored.document, problems: [...problems, ...restored.problems] };
    });
  }

  /** The text on the disk, secrets masked; `revision` names this state of it. */
  async text(): Promise<{ text: string; revision: string }> {
    const { revisionOf, showText } = await import("./shown-text.ts");
    const text = readText(this.path) ?? "";
    return { text: await showText(text), revision: revisionOf(text) };
  }

  /** What would change with such a text. Throws `config_invalid`. */
  async checkText(text: string): Promise<ConfigChange> {
    const { config } = await this.#meant(text, readText(this.path) ?? "");
    return { changed: changedSections(this.#version.config, config) };
  }

  /** Writes the whole text. Throws `conflict` where the file is no more at `revision`, `config_invalid`; all stays then. */
  replaceText(text: string, revision: string): Promise<ConfigChange> {
    return this.#serial(async () => {
      using _lock = await this.#lock();
      const { revisionOf } = await import("./shown-text.ts");
      const before = readText(this.path);
      if (revisionOf(before ?? "") !== revision) {
        const hint = "Look at what it says now, and make your change again";
        throw new AlephError("conflict", "The file was changed meanwhile", { data: { hint } });
      }
      const meant = await this.#meant(text, before ?? "");
      if (meant.text !== before) {
        this.#save(meant.text);
        remember(meant.text, this.#options);
      }
      return { changed: this.#adopt(meant) };
    });
  }

  async #meant(shown: string, before: string): Promise<Version & { readonly text: string }> {
    if (Buffer.byteLength(shown) > MAX_BYTES)
      throw configInvalid([{ path: "", message: `the file is larger than ${MAX_BYTES} bytes` }]);
    const [{ meantText }, { parseDocument, locate }] = await Promise.all([
      import("./shown-text.ts"),
      import("./document.ts"),
    ]);
    const { text, document, issues } = await meantText(shown, before);
    if (issues.length > 0) throw configInvalid(issues);
    const config = buildConfig(document, this.#pinned);
    const byHand = changedByHandOnly((await parseDocument(before)).document, document);
    const problems = byHand.length > 0 ? byHand : await validate(document, config, this.#options);
    if (problems.length > 0) throw configInvalid(locate(problems, text));
    return { text, document, config };
  }

  /** JSON Schema, draft 2020-12, with defaults. */
  async jsonSchema(): Promise<JsonSchema> {
    const { configJsonSchema } = await import("./json-schema.ts");
    return configJsonSchema();
  }

  /** Follows the file until disposed; disposing waits for a reload that is under way. */
  watch({ onInvalid, onValid, ...options }: ConfigWatchOptions = {}): AsyncDisposable {
    const { log } = this.#options;
    let refused: string | undefined;
    let running: Promise<void> = Promise.resolve();
    const follow = async () => {
      try {
        const { changed } = await this.reload();
        if (refused !== undefined) onValid?.();
        refused = undefined;
        if (changed.length > 0) log.info("config reloaded", { sections: changed });
      } catch (thrown) {
        const error = AlephError.from(thrown);
        const issues = (error.data.issues as readonly Issue[] | undefined) ?? [{ path: "", message: error.message }];
        // One message for one mistake, however often the file is touched.
        const said = JSON.stringify(issues);
        if (said === refused) return;
        refused = said;
        log.warn("config not reloaded, the old one stays", { issues, error: error.message });
        onInvalid?.(issues);
      }
    };
    const watcher = watchFolder(dirname(this.path), {
      ...options,
      names: [basename(this.path)],
      onChange: () => {
        running = running.then(follow);
      },
    });
    return {
      [Symbol.asyncDispose]: async () => {
        watcher[Symbol.dispose]();
        await running;
      },
    };
  }

  /** Reads the file anew, so that nothing that another process or an editor wrote gets lost. */
  #write(change: (document: Table) => Normalised): Promise<ConfigChange> {
    return this.#serial(async () => {
      using _lock = await this.#lock();
      for (;;) {
        const text = readText(this.path);
        const { parseDocument } = await import("./document.ts");
        const parsed = text === undefined ? { document: {}, issues: [] } : await parseDocument(text);
        if (parsed.issues.length > 0) throw configInvalid(parsed.issues);
        const wanted = change(parsed.document);
        const { document } = wanted;
        const config = buildConfig(document, this.#pinned);
        const early = wanted.problems.length > 0 ? wanted.problems : changedByHandOnly(parsed.document, document);
        const problems = early.length > 0 ? early : await validate(document, config, this.#options);
        if (problems.length > 0) throw configInvalid(toIssues(problems));
        if (Bun.deepEquals(document, parsed.document)) return { changed: this.#adopt({ text, document, config }) };

        const { renderDocument } = await import("./render.ts");
        const rendered = await renderDocument(text, parsed.document, document);
        // An editor does not know of the lock.
        if (readText(this.path) !== text) continue;
        this.#save(rendered.text);
        remember(rendered.text, this.#options);
        const changed = this.#adopt({ text: rendered.text, document, config });
        const note = "The file was written anew: comments and the order of keys were not kept";
        return rendered.rewritten ? { changed, note } : { changed };
      }
    });
  }

  async #lock(): Promise<Disposable> {
    const { home, wait = Bun.sleep } = this.#options;
    let lock: Disposable | undefined;
    try {
      mkdirSync(home.run, { recursive: true, mode: 0o700 });
      lock = await lockFile(join(home.run, "config.lock"), { timeoutMs: LOCK_TIMEOUT_MS, wait });
    } catch (cause) {
      throw notWritten(cause);
    }
    if (lock) return lock;
    throw new AlephError("conflict", "Another process is writing the config", { data: { hint: "Try again" } });
  }

  #save(text: string): void {
    try {
      writeAtomic(resolveLink(this.path), text);
    } catch (cause) {
      throw notWritten(cause);
    }
  }

  #adopt(version: Version): string[] {
    const changed = changedSections(this.#version.config, version.config);
    this.#version = version;
    if (changed.length === 0) return changed;
    for (const listener of [...this.#listeners]) {
      try {
        listener([...changed]);
      } catch (thrown) {
        this.#options.log.error("config listener failed", describeError(thrown));
      }
    }
    return changed;
  }
}

function changedSections(before: Config, after: Config): string[] {
  const [old, config] = [before as unknown as Table, after as unknown as Table];
  const keys = new Set([...Object.keys(old), ...Object.keys(config)]);
  return [...keys].filter((key) => !Bun.deepEquals(old[key], config[key]));
}

async function readVersion(text: string | undefined, pinned: Table, options: ConfigOptions): Promise<Version> {
  if (text === undefined) return { text, document: {}, config: buildConfig({}, pinned) };
  const { parseDocument, locate } = await import("./document.ts");
  const { document, issues } = await parseDocument(text);
  if (issues.length > 0) throw configInvalid(issues);
  const config = buildConfig(document, pinned);
  if (readStamp(stampPath(options)) !== stampOf(text)) {
    const problems = await validate(document, config, options);
    if (problems.length > 0) throw configInvalid(locate(problems, text));
    remember(text, options);
  }
  return { text, document, config };
}

async function validate(document: Table, config: Config, { check }: ConfigOptions): Promise<readonly Problem[]> {
  const { validateDocument } = await import("./validate.ts");
  const problems = validateDocument(document);
  return problems.length > 0 || !check ? problems : check(config);
}

function buildConfig(document: Table, pinned: Table): Config {
  const defaults = structuredClone({ ...DEFAULTS, providers: {}, agents: {} });
  deepFreeze(document);
  return deepFreeze(mergePatch(mergePatch(defaults, document), pinned)) as Config;
}

/** Above the file: first the environment's log level, then what the program was told. */
function pinnedValues({ env, overrides = {} }: ConfigOptions): Table {
  const { document, problems } = normalise(overrides);
  if (problems.length > 0) throw configInvalid(toIssues(problems));
  const { logLevel } = env;
  if (logLevel === undefined) return document;
  if (!(LOG_LEVELS as readonly string[]).includes(logLevel)) {
    const list = LOG_LEVELS.map((level) => JSON.stringify(level)).join(", ");
    throw configInvalid([{ path: "ALEPH_LOG_LEVEL", message: `must be one of ${list}` }]);
  }
  return mergePatch({ log: { level: logLevel } }, document) as Table;
}

function remember(text: string, options: ConfigOptions): void {
  try {
    writeStamp(stampPath(options), stampOf(text));
  } catch (thrown) {
    // A home that cannot be written costs the next start a check, no more.
    options.log.debug("config stamp not written", describeError(thrown));
  }
}

function stampPath({ home }: ConfigOptions): string {
  return join(home.run, "config.ok");
}

function notWritten(cause: unknown): AlephError {
  const hint = "Check that ALEPH_HOME can be written and the disk is not full";
  return new AlephError("storage_failed", "Config could not be written", { cause, data: { hint } });
}
