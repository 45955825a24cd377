/** What came, kept in a file of the plugin's own folder: on disk before GitHub is told that it was taken. */
import { open, readFile, rename } from "node:fs/promises";
import type { GithubEvent } from "./read-event.ts";

interface Kept {
  /** Oldest first. */
  readonly events: readonly GithubEvent[];
  /** How many of them, from the end, the owner has not heard of. */
  readonly news: number;
  /** SHA-256 of the bodies that came, so that none is taken twice. */
  readonly digests: readonly string[];
}

const MAX_EVENTS = 200;
const MAX_DIGESTS = 2000;
const NOTHING: Kept = { events: [], news: 0, digests: [] };

export class Journal {
  readonly #path: string;
  #kept: Promise<Kept> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async events(): Promise<readonly GithubEvent[]> {
    return (await this.#read()).events;
  }

  /** Whether a body was new; resolves when that is on disk. An event that is none counts as a body alone. */
  async add(digest: string, event: GithubEvent | undefined): Promise<boolean> {
    let isNew = false;
    await this.#change((kept) => {
      if (kept.digests.includes(digest)) return kept;
      isNew = true;
      const digests = [...kept.digests, digest].slice(-MAX_DIGESTS);
      if (!event) return { ...kept, digests };
      const events = [...kept.events, event].slice(-MAX_EVENTS);
      return { events, digests, news: Math.min(kept.news + 1, events.length) };
    });
    return isNew;
  }

  /** What the owner has not heard of; from here on he has. */
  async takeNews(): Promise<readonly GithubEvent[]> {
    let news: readonly GithubEvent[] = [];
    await this.#change((kept) => {
      news = kept.news > 0 ? kept.events.slice(-kept.news) : [];
      return kept.news > 0 ? { ...kept, news: 0 } : kept;
    });
    return news;
  }

  /** One after the other; one that fails leaves what was. */
  async #change(make: (kept: Kept) => Kept): Promise<void> {
    const before = this.#read();
    const after = before.then(async (kept) => {
      const next = make(kept);
      if (next !== kept) await this.#write(next);
      return next;
    });
    this.#kept = after.catch(() => before);
    await after;
  }

  #read(): Promise<Kept> {
    this.#kept ??= readFile(this.#path, "utf8").then(
      (text) => JSON.parse(text) as Kept,
      (thrown: NodeJS.ErrnoException) => {
        if (thrown.code === "ENOENT") return NOTHING;
        throw thrown;
      },
    );
    return this.#kept;
  }

  async #write(kept: Kept): Promise<void> {
    const next = `${this.#path}.new`;
    const file = await open(next, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(kept));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path);
  }
}
