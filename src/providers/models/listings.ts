/** What each provider lists, asked for at most every few minutes and once for all who wait. */
import type { ModelInfo } from "../../sdk/provider.ts";

export type Listing = { readonly models: readonly ModelInfo[] } | { readonly error: unknown };

interface Entry {
  readonly at: number;
  readonly listing: Promise<Listing>;
  /** Once it is there. */
  settled?: Listing;
}

const FRESH_MS = 5 * 60_000;
/** A provider that fails is asked again sooner. */
const FAILED_MS = 15_000;

export class Listings {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Never rejects. `maxAge` asks for something newer than usual. */
  get(id: string, ask: () => Promise<readonly ModelInfo[]>, maxAge = FRESH_MS): Promise<Listing> {
    const entry = this.#entries.get(id);
    const age = entry === undefined ? Number.POSITIVE_INFINITY : this.#now() - entry.at;
    const limit = entry?.settled !== undefined && "error" in entry.settled ? Math.min(FAILED_MS, maxAge) : maxAge;
    if (entry !== undefined && (entry.settled === undefined || age < limit)) return entry.listing;
    const listing: Promise<Listing> = ask().then(
      (models) => ({ models }),
      (error: unknown) => ({ error }),
    );
    const fresh: Entry = { at: this.#now(), listing };
    this.#entries.set(id, fresh);
    void listing.then((settled) => {
      fresh.settled = settled;
    });
    return listing;
  }

  /** What is known without asking. */
  known(id: string, model: string): ModelInfo | undefined {
    const settled = this.#entries.get(id)?.settled;
    return settled !== undefined && "models" in settled ? settled.models.find((info) => info.id === model) : undefined;
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }
}
