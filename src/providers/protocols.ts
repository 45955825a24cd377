/** Protocol adapters: kinds of providers that a person describes in `ALEPH_HOME/protocols/*.toml`. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describeError, type Log } from "../lib/log.ts";
import { createSerial } from "../lib/serial.ts";
import { type Timer, watchFolder } from "../lib/watch.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import type { AnyProviderType } from "../sdk/provider.ts";
import type { ProviderTypes } from "./models/sources.ts";

export interface ProtocolsOptions {
  readonly folder: string;
  readonly builtIn: ProviderTypes;
  readonly log: Log;
}

/** A file was read: it is in force, or its last good version stays and these are its issues. */
export type OnRead = (protocol: string, issues: readonly Issue[]) => void;

export interface ProtocolsWatchOptions {
  readonly debounceMs?: number;
  readonly checkMs?: number;
  readonly timer?: Timer;
}

interface Entry {
  /** As last looked at. */
  text: string;
  /** Of `text`; empty when it is in force. */
  issues: Promise<readonly Issue[]>;
  /** The last good version. */
  type: AnyProviderType | undefined;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

export class Protocols {
  readonly #options: ProtocolsOptions;
  readonly #types: Record<string, () => Promise<AnyProviderType>>;
  #plugged: ProviderTypes = {};
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<OnRead>();
  readonly #serial = createSerial();

  /** Looks at the folder; a file is read when its kind is first asked for, or by `refresh`. */
  constructor(options: ProtocolsOptions) {
    this.#options = options;
    this.#types = { ...options.builtIn };
    for (const name of this.#names()) this.#offer(name);
  }

  /** The built-in kinds, the adapters and those of plugins. It is the same object always, and changes with them. */
  get types(): ProviderTypes {
    return this.#types;
  }

  /** The kinds of plugins that are in force. */
  get plugged(): readonly string[] {
    return Object.keys(this.#plugged).filter((name) => this.#types[name] === this.#plugged[name]);
  }

  /** The kinds of plugins from now on. A built-in kind and an adapter, which the person wrote, go before them. */
  plug(types: ProviderTypes): void {
    const before = this.#plugged;
    this.#plugged = types;
    for (const [name, load] of Object.entries(before)) if (this.#types[name] === load) delete this.#types[name];
    for (const [name, load] of Object.entries(types)) if (!Object.hasOwn(this.#types, name)) this.#types[name] = load;
  }

  /** Reads what is new or changed. What is invalid is reported and leaves its last good version in force. */
  refresh(): Promise<void> {
    return this.#serial(async () => {
      const names = this.#names();
      const gone = [...this.#entries.keys(), ...Object.keys(this.#types)].filter((name) => !names.includes(name));
      for (const name of gone) this.#withdraw(name);
      for (const name of names) await this.#read(name);
    });
  }

  onRead(listener: OnRead): Disposable {
    const own: OnRead = (protocol, issues) => listener(protocol, issues);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /** Reads the folder and follows it. Disposing ends that. */
  watch(options: ProtocolsWatchOptions = {}): Disposable {
    const { folder, log } = this.#options;
    const onChange = () => {
      this.refresh().catch((error: unknown) => log.error("the protocol adapters cannot be read", describeError(error)));
    };
    onChange();
    return watchFolder(folder, { names: isAdapter, onChange, ...options });
  }

  #names(): string[] {
    let files: string[];
    try {
      files = readdirSync(this.#options.folder);
    } catch {
      // Usually nobody has made the folder.
      return [];
    }
    return files
      .filter(isAdapter)
      .map((file) => basename(file, ".toml"))
      .toSorted();
  }

  #offer(name: string): void {
    if (Object.hasOwn(this.#types, name) && this.#types[name] !== this.#plugged[name]) return;
    this.#types[name] = () => this.#load(name);
  }

  #withdraw(name: string): void {
    this.#entries.delete(name);
    if (Object.hasOwn(this.#options.builtIn, name)) return;
    const plugged = Object.hasOwn(this.#plugged, name) ? this.#plugged[name] : undefined;
    if (plugged === undefined) delete this.#types[name];
    else this.#types[name] = plugged;
  }

  /** The last good version, or the reason why there is none. */
  async #load(name: string): Promise<AnyProviderType> {
    if (!this.#entries.has(name)) await this.#read(name);
    const entry = this.#entries.get(name);
    const issues = (await entry?.issues) ?? [];
    if (entry?.type !== undefined) return entry.type;
    throw new AlephError("config_invalid", `Protocol adapter ${describe(name, issues)}`, {
      data: { issues: issues.map((issue) => ({ ...issue, file: fileOf(name) })) },
    });
  }

  async #read(name: string): Promise<void> {
    const { folder, log } = this.#options;
    let text: string;
    try {
      text = readFileSync(join(folder, fileOf(name)), "utf8");
    } catch (error) {
      // It went away in the meantime, or may not be read: then there is nothing new to take.
      log.warn("a protocol adapter cannot be read", { file: fileOf(name), error: String(error) });
      return;
    }
    const known = this.#entries.get(name);
    if (known?.text === text) return void (await known.issues);
    const entry: Entry = { text, issues: Promise.resolve([]), type: known?.type };
    entry.issues = this.#parse(name, entry);
    this.#entries.set(name, entry);
    const issues = await entry.issues;
    for (const tell of this.#listeners) tell(name, issues);
    if (issues.length === 0) log.info("a protocol adapter is in force", { protocol: name });
    else {
      const { message: fault, ...place } = issues[0]!;
      const stays = entry.type === undefined ? {} : { kept: "the last good version" };
      log.warn("a protocol adapter is not valid", { file: fileOf(name), ...place, fault, ...stays });
    }
  }

  async #parse(name: string, entry: Entry): Promise<readonly Issue[]> {
    if (Object.hasOwn(this.#options.builtIn, name)) {
      return [{ path: "", message: `${JSON.stringify(name)} is a built-in kind; give the file another name` }];
    }
    if (!NAME.test(name)) return [{ path: "", message: "the file's name must be letters, digits, . _ or -" }];
    const { readAdapter } = await import("./protocols/adapter.ts");
    const read = await readAdapter(name, entry.text, this.#options.builtIn);
    if ("issues" in read) {
      this.#offer(name);
      return read.issues;
    }
    const replaced = entry.type !== undefined;
    entry.type = read.type;
    this.#offer(name);
    // Another function, so that whoever opened a provider with the one before sees that it is another kind now.
    if (replaced) this.#types[name] = () => this.#load(name);
    return [];
  }
}

function isAdapter(file: string): boolean {
  return file.endsWith(".toml") && !file.startsWith(".");
}

function fileOf(name: string): string {
  return `${name}.toml`;
}

/** `"acme" is not valid: acme.toml, line 3, paths.chat: must begin with a slash`. */
function describe(name: string, issues: readonly Issue[]): string {
  const [first] = issues;
  if (first === undefined) return `${JSON.stringify(name)} is not there`;
  const places = [fileOf(name), first.line === undefined ? "" : `line ${first.line}`, first.path];
  return `${JSON.stringify(name)} is not valid: ${places.filter(Boolean).join(", ")}: ${first.message}`;
}
