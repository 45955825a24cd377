/** The providers that are open: each with its keys, its breaker, and what its kind knows of its models. */
import type { ModelFacts, OpenProvider } from "../../sdk/provider.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { createKeyRing, type KeyRing, type OnAttempt } from "./key-ring.ts";
import { loadType, type OpeningNeeds, openWithKeys } from "./open-provider.ts";
import type { ProviderSource, ProviderTypes } from "./sources.ts";

/** A provider, or one of its keys, that failed or is well again. */
export interface HealthChange {
  readonly provider: string;
  /** The key's place in the table, from 1; null for the provider as a whole. */
  readonly key: number | null;
  /** Milliseconds for which it is left alone; null when it is well again. */
  readonly pauseMs: number | null;
}

export interface PoolOptions extends OpeningNeeds {
  readonly now: () => number;
  readonly onAttempt: OnAttempt;
  readonly onHealth: (change: HealthChange) => void;
}

interface Entry {
  /** The source and its text: another table opens it anew, the same one after a reload does not. */
  source: ProviderSource;
  readonly table: string;
  /** The kind as it was then: a protocol adapter may be another one by now. */
  readonly load: ProviderTypes[string] | undefined;
  readonly ring: Promise<KeyRing>;
  /** The same, once it is there. */
  opened: KeyRing | undefined;
}

export class ProviderPool {
  readonly #options: PoolOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #breakers = new Map<string, Breaker>();
  /** By provider and key: what is known of a key outlives the provider that was opened with it. */
  readonly #keys = new Map<string, Map<string, Breaker>>();
  readonly #facts = new Map<string, Readonly<Record<string, ModelFacts>>>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Opened once, and again when its table changed: `onReopen` is called then. */
  async open(source: ProviderSource, onReopen: () => void, onAttempt?: OnAttempt): Promise<OpenProvider> {
    const { id } = source;
    const load = this.#loaderOf(source);
    let entry = this.#entries.get(id);
    if (entry?.source !== source || entry.load !== load) {
      const table = JSON.stringify(source);
      if (entry?.table === table && entry.load === load) entry.source = source;
      else {
        if (entry !== undefined) onReopen();
        entry = { source, table, load, ring: this.#openRing(source), opened: undefined };
        this.#entries.set(id, entry);
      }
    }
    try {
      const ring = await entry.ring;
      entry.opened = ring;
      return onAttempt === undefined ? ring : ring.observed(onAttempt);
    } catch (error) {
      if (this.#entries.get(id) === entry) this.#entries.delete(id);
      throw error;
    }
  }

  /** What `open` would give, if it need not wait. */
  opened(source: ProviderSource): OpenProvider | undefined {
    const entry = this.#entries.get(source.id);
    const isCurrent = entry?.source === source && entry.load === this.#loaderOf(source);
    return isCurrent ? entry.opened : undefined;
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }

  /** All of its keys may be used again. */
  forgetKeys(id: string): void {
    this.#keys.delete(id);
    this.forget(id);
  }

  breaker(id: string): Breaker {
    let breaker = this.#breakers.get(id);
    if (breaker === undefined) {
      breaker = this.#createBreaker(id, null);
      this.#breakers.set(id, breaker);
    }
    return breaker;
  }

  /** Whether it, or one of its keys, is left alone now, and for how long. */
  health(id: string): { retry_in_ms: number; resting_keys: { key: number; retry_in_ms: number }[] } {
    const rest = (breaker: Breaker | undefined) => Math.round(breaker?.pausedFor() ?? 0);
    const keys = [...(this.#keys.get(id)?.values() ?? [])];
    return {
      retry_in_ms: rest(this.#breakers.get(id)),
      resting_keys: keys
        .map((breaker, index) => ({ key: index + 1, retry_in_ms: rest(breaker) }))
        .filter(({ retry_in_ms }) => retry_in_ms > 0),
    };
  }

  /** Nothing before the provider is opened, or its facts are loaded. */
  facts(id: string): Readonly<Record<string, ModelFacts>> | undefined {
    return this.#facts.get(id);
  }

  async loadFacts(source: ProviderSource): Promise<void> {
    const facts = await (await loadType(source, this.#options.types)).facts?.();
    if (facts === undefined) this.#facts.delete(source.id);
    else this.#facts.set(source.id, facts);
  }

  #loaderOf({ type }: ProviderSource): Entry["load"] {
    return type === undefined ? undefined : this.#options.types[type];
  }

  async #openRing(source: ProviderSource): Promise<KeyRing> {
    await this.loadFacts(source);
    const { id } = source;
    const { now, onAttempt } = this.#options;
    const [first, ...others] = await openWithKeys(source, this.#options);
    const known = this.#keys.get(id) ?? new Map<string, Breaker>();
    const used = new Map<string, Breaker>();
    this.#keys.set(id, used);
    const keyOf = ({ provider, key }: typeof first, index: number) => {
      const breaker = known.get(key) ?? this.#createBreaker(id, index + 1);
      used.set(key, breaker);
      return { provider, breaker };
    };
    const keys = [keyOf(first, 0), ...others.map((other, index) => keyOf(other, index + 1))] as const;
    return createKeyRing({ id, keys, now, onAttempt });
  }

  #createBreaker(provider: string, key: number | null): Breaker {
    const { now, onHealth } = this.#options;
    return createBreaker({ now, onChange: (pauseMs) => onHealth({ provider, key, pauseMs }) });
  }
}
