/** What is remembered beyond a conversation: facts, and who may reach them. */
import type { Identity } from "../protocol/identity.ts";

/** Who said it: the person, the model when it was asked to, a run looked through afterwards, or MEMORY.md. */
export type FactSource = "person" | "agent" | "run" | "file";

export type Metadata = Readonly<Record<string, string | number | boolean | null>>;

/** As the wire has it. Times are Unix milliseconds. */
export interface Fact {
  readonly fact_id: string;
  readonly agent: string;
  readonly content: string;
  readonly subject: string | null;
  readonly metadata: Metadata;
  readonly source: FactSource;
  /** False: a stranger may have had a hand in it. */
  readonly trusted: boolean;
  /** From 0 to 1. */
  readonly confidence: number;
  readonly run_id: string | null;
  readonly session_key: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly expires_at: number | null;
  readonly retired_at: number | null;
  /** The fact that took its place; null when it was forgotten. */
  readonly retired_by: string | null;
}

export interface NewFact {
  readonly content: string;
  readonly metadata?: Metadata | undefined;
  /** What it is about, where only one fact can be true of it: a newer one retires the older. */
  readonly subject?: string | undefined;
  /** `fact_id` of the fact whose place it takes. */
  readonly replaces?: string | undefined;
  readonly source: FactSource;
  readonly trusted: boolean;
  readonly confidence?: number | undefined;
  readonly runId?: string | null | undefined;
  readonly sessionKey?: string | null | undefined;
  readonly expiresAt?: number | undefined;
}

export interface Told {
  readonly fact_id: string;
  readonly content: string;
}

export interface StoredFact {
  readonly fact_id: string;
  /** It was known already, word for word. */
  readonly duplicate: boolean;
  /** Older facts that it has taken the place of. */
  readonly retired: readonly Told[];
  /** What it contradicts and may not retire: a stranger's word does not go before the person's. */
  readonly conflicts: readonly Told[];
}

export interface FoundFact extends Fact {
  /** Of this search alone: higher fits better. */
  readonly score: number;
}

export interface FactQuery {
  readonly query: string;
  readonly limit: number;
  /** Values of keys of the metadata. */
  readonly filter?: Metadata | undefined;
}

/** `mode`: by words alone, or by meaning as well. */
export interface FoundFacts {
  readonly facts: readonly FoundFact[];
  readonly mode: "text" | "hybrid";
}

/** What of the memory a run's model is shown. */
export interface Recalled {
  /** As it stands before the message. */
  readonly text: string;
  /** A stranger may have had a hand in it: then the run counts as one that has read what is from outside. */
  readonly untrusted: boolean;
}

/** What tools see of it: each agent's facts of each user, and nobody else's. */
export interface MemoryShelf {
  /** Guests have no memory, and it may be off. */
  mayUse(identity: Identity): boolean;
  /** Resolves when it is on disk. Throws `forbidden`, `invalid_params` for what cannot be a fact, `not_found` for what it replaces. */
  store(agent: string, identity: Identity, fact: NewFact): Promise<StoredFact>;
  /** Best first. Throws `forbidden`. */
  search(agent: string, identity: Identity, query: FactQuery, signal: AbortSignal): Promise<FoundFacts>;
  /** For good. Throws `forbidden`, `not_found`. */
  forget(agent: string, identity: Identity, factId: string): Promise<Fact>;
}
