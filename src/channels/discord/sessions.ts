/** Where the connection to the gateway stands, kept so that what came while no process ran is given again. */
import type { SessionInfo } from "@discordjs/ws";
import { describeError, type Log } from "../../lib/log.ts";
import type { Store } from "../../sdk/store.ts";

const SAVE_MS = 250;

/** Which events are done with: the gateway gives again all that came after the first that is not. */
export class KeptSession {
  readonly #store: Store;
  readonly #bot: string;
  readonly #log: Log;
  #open = new Set<number>();
  #session: SessionInfo | null;
  #latest = 0;
  #timer: Timer | undefined;

  constructor(store: Store, bot: string, log: Log) {
    this.#store = store;
    this.#bot = bot;
    this.#log = log;
    const row = store.db
      .query<{ session: string }, [string]>("SELECT session FROM discord_session WHERE bot = ?")
      .get(bot);
    this.#session = row ? JSON.parse(row.session) : null;
    this.#latest = this.#session?.sequence ?? 0;
  }

  get current(): SessionInfo | null {
    return this.#session;
  }

  /** As the gateway's client says; null when it cannot be resumed. */
  update(session: SessionInfo | null): void {
    const isOther = session?.sessionId !== this.#session?.sessionId;
    this.#session = session;
    if (isOther) {
      this.#open = new Set();
      this.#latest = session?.sequence ?? 0;
      // A process that dies right now would leave nothing that can be resumed.
      this.save();
    } else this.#saveSoon();
  }

  /** Call the result when the event is done with. */
  begin(sequence: number): () => void {
    const open = this.#open;
    this.#latest = Math.max(this.#latest, sequence);
    open.add(sequence);
    return () => {
      open.delete(sequence);
      this.#saveSoon();
    };
  }

  /** Never throws: nobody hears a timer, and what could not be kept is kept with the next event. */
  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const session = this.#session && JSON.stringify({ ...this.#session, sequence: this.#done() });
    try {
      this.#store.writeRelaxed((db) => {
        if (session === null) db.query("DELETE FROM discord_session WHERE bot = ?").run(this.#bot);
        else db.query("INSERT OR REPLACE INTO discord_session (bot, session) VALUES (?, ?)").run(this.#bot, session);
      });
    } catch (thrown) {
      this.#log.warn("place in the connection could not be kept", describeError(thrown));
    }
  }

  #done(): number {
    return this.#open.size > 0 ? Math.min(...this.#open) - 1 : this.#latest;
  }

  /** What is given twice is known: it may lag behind. */
  #saveSoon(): void {
    this.#timer ??= setTimeout(() => this.save(), SAVE_MS);
  }
}
