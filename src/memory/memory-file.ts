/** MEMORY.md in an agent's workspace: its facts, to be read and edited; what a person wrote there goes before what the database has. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { fingerprint } from "../lib/fingerprint.ts";
import { describeError, type Log } from "../lib/log.ts";
import { openFile } from "../lib/open-file.ts";
import { createSerial, type Serial } from "../lib/serial.ts";
import type { Fact } from "../sdk/memory.ts";
import type { Store } from "../sdk/store.ts";
import { MAX_CONTENT, type Namespace } from "./fact.ts";
import type { Facts } from "./facts.ts";
import { isMemoryFile, parseMemory, type Remembered, renderMemory } from "./memory-markdown.ts";

export interface MemoryFileOptions {
  readonly store: Store;
  readonly facts: Pick<Facts, "store" | "retire" | "list" | "get">;
  /** Of an agent. */
  readonly workspace: (agent: string) => string;
  readonly enabled: () => boolean;
  readonly mask: (text: string) => Promise<string>;
  readonly log: Log;
}

const NAME = "MEMORY.md";
const MAX_BYTES = 1024 * 1024;
/** Facts in the file; of more the latest. */
const MAX_SHOWN = 500;
/** Changes of the same moment are written once. */
const WRITE_AFTER_MS = 200;

interface Kept {
  readonly serial: Serial;
  /** Of the file when it was last looked at. */
  seen: string | undefined;
  timer: Timer | undefined;
  last: Promise<unknown>;
}

export class MemoryFile implements Disposable {
  readonly #o: MemoryFileOptions;
  readonly #agents = new Map<string, Kept>();
  #stopped = false;

  constructor(options: MemoryFileOptions) {
    this.#o = options;
  }

  /** Takes over what was changed there; `trusted` unless something from outside may have had a hand in it. Never rejects. */
  async read(where: Namespace, { trusted }: { readonly trusted: boolean }): Promise<void> {
    if (!this.#o.enabled()) return;
    const kept = this.#of(where.agent);
    if (kept.seen !== undefined && kept.seen === fingerprint(this.#path(where.agent))) return;
    await this.#do(kept, () => this.#takeOver(where, kept, trusted));
  }

  /** Writes it anew a moment later. */
  write(where: Namespace): void {
    if (!this.#o.enabled() || this.#stopped) return;
    const kept = this.#of(where.agent);
    if (kept.timer !== undefined) return;
    kept.timer = setTimeout(() => this.#flush(where, kept), WRITE_AFTER_MS);
  }

  /** Resolves when what is to be written is written. */
  async settled(): Promise<void> {
    for (const [agent, kept] of this.#agents) {
      if (kept.timer !== undefined) this.#flush({ agent, owner: "owner" }, kept);
      await kept.last;
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
  }

  #flush(where: Namespace, kept: Kept): void {
    clearTimeout(kept.timer);
    kept.timer = undefined;
    void this.#do(kept, () => this.#render(where, kept, this.#base(where.agent)));
  }

  #do(kept: Kept, work: () => Promise<void>): Promise<void> {
    const done = kept.serial(work).catch((thrown: unknown) => {
      this.#o.log.warn("MEMORY.md could not be kept in step", describeError(thrown));
    });
    kept.last = done;
    return done;
  }

  async #takeOver(where: Namespace, kept: Kept, trusted: boolean): Promise<void> {
    const path = this.#path(where.agent);
    const seen = fingerprint(path);
    const text = await readStart(path);
    const base = this.#base(where.agent);
    if (text !== undefined && text !== base && isMemoryFile(text)) {
      await this.#merge(where, parseMemory(base ?? ""), parseMemory(text), trusted);
      this.#saveBase(where.agent, text);
    }
    kept.seen = seen;
    if (text !== base) await this.#render(where, kept, text);
  }

  async #merge(
    where: Namespace,
    before: readonly Remembered[],
    now: readonly Remembered[],
    trusted: boolean,
  ): Promise<void> {
    const { facts, mask, log } = this.#o;
    const known = new Map(before.flatMap((line) => (line.factId === undefined ? [] : [[line.factId, line]])));
    const left = new Set(known.keys());
    for (const line of now) {
      const was = line.factId === undefined ? undefined : known.get(line.factId);
      if (was) left.delete(was.factId!);
      const isConfirmed = was !== undefined && trusted && !was.checked && line.checked;
      if (was && was.content === line.content && !isConfirmed) continue;
      if (line.content.length > MAX_CONTENT || (await mask(line.content)) !== line.content) {
        log.warn("a line of MEMORY.md is not taken over: it is too long, or holds a secret", { agent: where.agent });
        continue;
      }
      const old = was ? this.#find(where, was.factId!) : undefined;
      await facts.store(where, {
        content: line.content,
        source: "file",
        trusted: trusted && line.checked,
        // What was retired meanwhile stays so; with its subject, what took its place gives way to the person's word.
        ...(old?.subject ? { subject: old.subject } : {}),
        ...(old && old.retired_at === null ? { replaces: old.fact_id } : {}),
      });
    }
    for (const factId of left) {
      const fact = this.#find(where, factId);
      if (fact && fact.retired_at === null && (trusted || !fact.trusted)) await facts.retire(where, factId);
    }
  }

  /** Only over what was read: what somebody wrote meanwhile is read first, by whoever knows where it is from. */
  async #render(where: Namespace, kept: Kept, current: string | undefined): Promise<void> {
    const { agent } = where;
    const path = this.#path(agent);
    const found = fingerprint(path);
    const base = this.#base(agent);
    if (found !== "" && found !== kept.seen) {
      const text = await readStart(path);
      if (text !== base) return;
    }
    const listed = this.#o.facts.list(where, { limit: MAX_SHOWN + 1 });
    if (listed.length === 0 && base === undefined) return;
    const text = renderMemory(listed.slice(0, MAX_SHOWN), listed.length > MAX_SHOWN);
    if (text === current && found !== "") {
      kept.seen = found;
      return;
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (fingerprint(path) !== found) return;
    // First what it will say: cut off in between, it is written again rather than taken for somebody's edit.
    this.#saveBase(agent, text);
    writeAtomic(path, text);
    kept.seen = fingerprint(path);
  }

  #find(where: Namespace, factId: string): Fact | undefined {
    try {
      return this.#o.facts.get(where, factId);
    } catch {
      // Forgotten for good meanwhile.
      return undefined;
    }
  }

  #base(agent: string): string | undefined {
    return this.#o.store.db.query<{ text: string }, [string]>("SELECT text FROM memory_file WHERE agent = ?").get(agent)
      ?.text;
  }

  #saveBase(agent: string, text: string): void {
    this.#o.store.writeRelaxed((db) => {
      db.query("INSERT INTO memory_file VALUES (?1, ?2) ON CONFLICT (agent) DO UPDATE SET text = ?2").run(agent, text);
    });
  }

  #path(agent: string): string {
    return join(this.#o.workspace(agent), NAME);
  }

  #of(agent: string): Kept {
    let kept = this.#agents.get(agent);
    if (!kept) {
      kept = { serial: createSerial(), seen: undefined, timer: undefined, last: Promise.resolve() };
      this.#agents.set(agent, kept);
    }
    return kept;
  }
}

/** Undefined when it is no file that can be read whole: a link would bring in what is elsewhere. */
async function readStart(path: string): Promise<string | undefined> {
  await using file = await openFile(path).catch(() => undefined);
  if (file === undefined || (await file.stat()).size > MAX_BYTES) return undefined;
  return await file.readFile("utf8");
}
