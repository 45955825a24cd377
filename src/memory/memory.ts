/** The memory: facts stored, searched and forgotten, recalled for runs, and kept in step with MEMORY.md. */
import type { Config } from "../config/schema.ts";
import { describeError, type Log } from "../lib/log.ts";
import { pause } from "../lib/pause.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Identity } from "../protocol/identity.ts";
import { agentOf, isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Models } from "../providers/models.ts";
import type {
  Fact,
  FactQuery,
  FoundFact,
  FoundFacts,
  MemoryShelf,
  NewFact,
  Recalled,
  StoredFact,
} from "../sdk/memory.ts";
import type { Store } from "../sdk/store.ts";
import type { Stores } from "../session/stores.ts";
import type { Ledger } from "../usage/ledger.ts";
import { Embedder } from "./embedder.ts";
import { Extraction } from "./extraction.ts";
import { hasMemory, type Namespace, namespaceOf } from "./fact.ts";
import { type FactStats, Facts } from "./facts.ts";
import { HybridSearch } from "./hybrid-search.ts";
import { MemoryFile } from "./memory-file.ts";
import { describeFacts } from "./recall.ts";
import { Taints } from "./taints.ts";
import { Vectors } from "./vectors.ts";

export interface MemoryOptions {
  readonly store: Store;
  /** Where runs are under way. */
  readonly stores: Pick<Stores, "all">;
  /** The file of the store. */
  readonly database: string;
  readonly models: Pick<Models, "order" | "resolve" | "open" | "known" | "price" | "breaker" | "forget">;
  readonly usage: Pick<Ledger, "check" | "record">;
  readonly config: () => Config;
  /** Of an agent. */
  readonly workspace: (agent: string) => string;
  /** The text without secrets. */
  readonly mask: (text: string) => Promise<string>;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
}

export interface RunEnd {
  readonly runId: string;
  readonly sessionKey: string;
  readonly identity: Identity;
  /** It was one of a subagent, or no model answered it: nothing is to be learned from it. */
  readonly aside: boolean;
}

/** So few facts are all recalled, whatever the message says, while they fit. */
const FEW = 40;
const RECALLED = 24;
const SEARCH_TIMEOUT_MS = 10_000;
const MAX_QUESTION = 2000;

export class Memory implements MemoryShelf, AsyncDisposable {
  readonly #o: MemoryOptions;
  readonly #facts: Facts;
  readonly #search: HybridSearch;
  readonly #file: MemoryFile;
  readonly #extraction: Extraction;
  readonly #taints: Taints;
  readonly #stack = new DisposableStack();

  constructor(options: MemoryOptions) {
    const { store, stores, models, usage, config, workspace, log, now, monotonic, mask } = options;
    this.#o = options;
    this.#taints = new Taints({ store, stores });
    this.#facts = new Facts({ store, now, onChange: (agent) => this.#changed(agent) });
    this.#search = this.#stack.use(
      new HybridSearch({
        store,
        facts: this.#facts,
        vectors: this.#stack.use(new Vectors({ path: options.database })),
        embedder: new Embedder({ models, usage, config, monotonic }),
        log,
      }),
    );
    this.#file = this.#stack.use(
      new MemoryFile({ store, facts: this.#facts, workspace, enabled: () => config().memory.file, mask, log }),
    );
    this.#extraction = this.#stack.use(
      new Extraction({
        store,
        facts: this.#facts,
        taints: this.#taints,
        models,
        usage,
        settings: () => config().memory.extract,
        mask,
        log,
        now,
        monotonic,
      }),
    );
  }

  /**
   * Throws `forbidden` for guests and when memory is off, `invalid_params` and `not_found` as `Facts.store`, and `not_found`
   * for an agent that is not there: nobody would ever be told what it remembers.
   */
  async store(agent: string, identity: Identity, fact: NewFact): Promise<StoredFact> {
    const where = this.#where(agent, identity);
    this.#o.workspace(agent);
    const texts = [fact.content, fact.subject ?? "", JSON.stringify(fact.metadata ?? {})];
    const masked = await Promise.all(texts.map((text) => this.#o.mask(text)));
    if (masked.some((text, index) => text !== texts[index])) throw holdsSecret();
    return this.#facts.store(where, fact);
  }

  /** Best first. Where vectors cannot be had, by words alone: `mode` says so. */
  async search(
    agent: string,
    identity: Identity,
    { query, ...options }: FactQuery,
    signal: AbortSignal,
  ): Promise<FoundFacts> {
    const where = this.#where(agent, identity);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(SEARCH_TIMEOUT_MS)]);
    try {
      return await this.#search.byBoth(where, query, options, limited);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      this.#o.log.warn("facts are searched by their words alone", describeError(thrown));
      return { facts: this.#search.byWords(where, query, options), mode: "text" };
    }
  }

  get(agent: string, identity: Identity, factId: string): Fact {
    return this.#facts.get(this.#where(agent, identity), factId);
  }

  /** For good. Throws `not_found`. */
  async forget(agent: string, identity: Identity, factId: string): Promise<Fact> {
    return await this.#facts.forget(this.#where(agent, identity), factId);
  }

  list(agent: string, identity: Identity, options: Parameters<Facts["list"]>[1]): readonly Fact[] {
    return this.#facts.list(this.#where(agent, identity), options);
  }

  stats(agent: string, identity: Identity): FactStats & { readonly embedding_model: string | null } {
    const { embedding } = this.#o.config().models;
    return { ...this.#facts.stats(this.#where(agent, identity)), embedding_model: embedding ?? null };
  }

  /** Whether a guest asks, or memory is off. */
  mayUse(identity: Identity): boolean {
    return this.#o.config().memory.enabled && hasMemory(identity.kind);
  }

  /** What the model of a run is shown beside the message. Never throws: a run goes on without its memory. */
  async recall(
    run: {
      readonly runId: string;
      readonly sessionKey: string;
      readonly identity: Identity;
      readonly question: string;
    },
    signal: AbortSignal,
  ): Promise<Recalled | undefined> {
    const { enabled, tokens, wait_ms } = this.#o.config().memory.recall;
    if (!enabled || !this.mayUse(run.identity)) return undefined;
    try {
      const key = parseSessionKey(run.sessionKey);
      const where = namespaceOf(agentOf(key), run.identity);
      await this.#file.read(where, { trusted: !this.#taints.beside(where.agent, run.runId) });
      const facts = await this.#fitting(where, run.question.slice(0, MAX_QUESTION), wait_ms, signal);
      const recalled = describeFacts(facts, tokens);
      if (recalled?.untrusted && !isEphemeral(key)) this.#taints.mark(run.sessionKey);
      return recalled;
    } catch (thrown) {
      this.#o.log.warn("nothing could be recalled", describeError(thrown));
      return undefined;
    }
  }

  /** What was said may hold facts; MEMORY.md may have been changed by the run. */
  async afterRun({ sessionKey, identity, aside, runId }: RunEnd): Promise<void> {
    const key = parseSessionKey(sessionKey);
    if (!this.mayUse(identity)) return;
    const where = namespaceOf(agentOf(key), identity);
    const trusted = !this.#taints.inRun(sessionKey, runId) && !this.#taints.beside(where.agent, runId);
    await this.#file.read(where, { trusted });
    if (!aside && !isEphemeral(key)) this.#extraction.plan(sessionKey, where);
  }

  /** Looks through what was said now rather than when the session is quiet; the facts that were found. */
  extractNow(sessionKey: string, identity: Identity): Promise<readonly StoredFact[]> {
    return this.#extraction.run(sessionKey, namespaceOf(agentOf(parseSessionKey(sessionKey)), identity));
  }

  /** Resolves when nothing is under way in the background. */
  async settled(): Promise<void> {
    await Promise.all([this.#search.settled(), this.#file.settled()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stack.dispose();
    await this.settled();
    await this.#extraction.settled();
  }

  async #fitting(where: Namespace, question: string, waitMs: number, signal: AbortSignal): Promise<readonly Fact[]> {
    const count = this.#facts.count(where);
    if (count === 0) return [];
    const options = { limit: RECALLED, telling: true };
    const words = this.#search.byWords(where, question, options);
    const found = (await this.#withVectors(where, question, waitMs, signal)) ?? words;
    if (count > FEW) return found;
    // The others of a small memory come behind those that fit; what is not trusted only when it fits.
    const known = new Set(found.map(({ fact_id }) => fact_id));
    const others = this.#facts
      .list(where, { limit: FEW })
      .filter(({ fact_id, trusted }) => trusted && !known.has(fact_id));
    return [...found, ...others];
  }

  async #withVectors(
    where: Namespace,
    question: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly FoundFact[] | undefined> {
    if (this.#o.config().models.embedding === undefined || waitMs === 0) return undefined;
    const late = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
    const asked = this.#search
      .byBoth(where, question, { limit: RECALLED, telling: true }, late)
      .then(({ facts }) => facts)
      .catch((thrown: unknown) => {
        this.#o.log.debug("facts are recalled by their words alone", describeError(thrown));
        return undefined;
      });
    return await Promise.race([asked, pause(waitMs, signal).then(() => undefined)]);
  }

  #changed(agent: string): void {
    this.#search.embedMissing();
    this.#file.write({ agent, owner: "owner" });
  }

  #where(agent: string, identity: Identity): Namespace {
    if (!this.#o.config().memory.enabled) {
      throw new AlephError("forbidden", "Memory is off", { data: { hint: "Set memory.enabled in config.toml" } });
    }
    return namespaceOf(agent, identity);
  }
}

function holdsSecret(): AlephError {
  return new AlephError("invalid_params", "A fact may not hold a secret", {
    data: { hint: "Leave the secret out, and say where it is kept instead" },
  });
}
