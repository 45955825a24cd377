/** The browsers of all sessions: one each, started when it is first used, ended when nobody uses it any more. */
import { once } from "../lib/once.ts";
import { createSerial, type Serial } from "../lib/serial.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Browser, BrowserOptions } from "./browser.ts";

export interface BrowsersOptions extends BrowserOptions {
  /** How long one that nobody uses is kept. */
  readonly idleMs?: number;
}

interface Held {
  readonly serial: Serial;
  browser: Browser | undefined;
  /** While it starts; whoever waited for it may have gone. */
  opening: Promise<Browser> | undefined;
  timer: Timer | undefined;
  /** Calls that run or wait. */
  busy: number;
  usedAt: number;
}

const IDLE_MS = 5 * 60_000;
/** At a time; the one that was used least lately makes room. */
const MAX_BROWSERS = 4;

export class Browsers implements AsyncDisposable {
  readonly #o: BrowsersOptions;
  readonly #held = new Map<string, Held>();
  readonly #cleared = once(async () => (await import("./process.ts")).removeLeftovers(this.#o.folder));
  /** Those that start, and have a place already. */
  #starting = 0;
  #ended = false;

  constructor(options: BrowsersOptions) {
    this.#o = options;
  }

  /** The address of the page that a session has open. */
  url(sessionKey: string): string | undefined {
    return this.#held.get(sessionKey)?.browser?.current?.url;
  }

  /** Those that a session's pages have begun. */
  downloads(sessionKey: string): Browser["downloads"] | undefined {
    return this.#held.get(sessionKey)?.browser?.downloads;
  }

  /**
   * One after the other in each session. Throws what `work` throws, what `startChromium` throws, `timeout` when it takes longer
   * than the config allows, what `signal` says on abort.
   */
  async use<T>(
    sessionKey: string,
    signal: AbortSignal,
    work: (browser: Browser, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#ended) throw new AlephError("cancelled", "The server is stopping");
    const held = this.#hold(sessionKey);
    held.busy++;
    clearTimeout(held.timer);
    try {
      return await held.serial(async () => {
        signal.throwIfAborted();
        const browser = await unlessAborted(this.#browser(sessionKey, held), signal);
        const { timeout_ms } = this.#o.config();
        const late = AbortSignal.timeout(timeout_ms);
        try {
          return await work(browser, AbortSignal.any([signal, late]));
        } catch (thrown) {
          if (!late.aborted || signal.aborted) throw thrown;
          throw await this.#overdue(held, browser, timeout_ms, thrown);
        }
      });
    } finally {
      held.busy--;
      held.usedAt = performance.now();
      this.#leave(sessionKey, held);
    }
  }

  /** Whether there was one. What is under way in it fails. */
  async end(sessionKey: string): Promise<boolean> {
    const held = this.#held.get(sessionKey);
    this.#held.delete(sessionKey);
    clearTimeout(held?.timer);
    // One that is not there yet ends itself when it sees that nobody holds it any more.
    await held?.opening?.catch(() => "whoever asked for it is told");
    await held?.browser?.[Symbol.asyncDispose]();
    return held?.browser !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#held.keys()].map((sessionKey) => this.end(sessionKey)));
  }

  #hold(sessionKey: string): Held {
    let held = this.#held.get(sessionKey);
    if (!held) {
      held = {
        serial: createSerial(),
        browser: undefined,
        opening: undefined,
        timer: undefined,
        busy: 0,
        usedAt: performance.now(),
      };
      this.#held.set(sessionKey, held);
    }
    return held;
  }

  async #browser(sessionKey: string, held: Held): Promise<Browser> {
    if (held.browser && !held.browser.ended) return held.browser;
    held.opening ??= this.#open(sessionKey, held).finally(() => {
      held.opening = undefined;
    });
    return held.opening;
  }

  async #open(sessionKey: string, held: Held): Promise<Browser> {
    await held.browser?.[Symbol.asyncDispose]();
    held.browser = undefined;
    await this.#cleared();
    using _ = await this.#makeRoom();
    const { Browser } = await import("./browser.ts");
    const browser = await Browser.open(this.#o);
    if (this.#held.get(sessionKey) !== held) {
      await browser[Symbol.asyncDispose]();
      throw new AlephError("cancelled", "The browser was ended");
    }
    held.browser = browser;
    return browser;
  }

  /** A place for one that starts; to be disposed when it runs, or does not. */
  async #makeRoom(): Promise<Disposable> {
    for (;;) {
      const running = [...this.#held].filter(([, { browser }]) => browser !== undefined);
      if (running.length + this.#starting < MAX_BROWSERS) break;
      const idle = running.filter(([, { busy }]) => busy === 0).toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
      const [oldest] = idle;
      if (!oldest) throw new AlephError("overloaded", `${MAX_BROWSERS} browsers are at work already`);
      await this.end(oldest[0]);
    }
    this.#starting++;
    return {
      [Symbol.dispose]: () => {
        this.#starting--;
      },
    };
  }

  async #overdue(held: Held, browser: Browser, timeoutMs: number, cause: unknown): Promise<AlephError> {
    const before = browser.current?.id;
    const isThere = await browser.recover();
    if (!isThere) {
      held.browser = undefined;
      await browser[Symbol.asyncDispose]();
    }
    const isOpen = isThere && browser.current?.id === before;
    const hint = isOpen
      ? "The page is still there: look at it with browser_snapshot, or go elsewhere"
      : isThere
        ? "Its tab was closed, because it did not answer any more"
        : "The browser was ended, because it did not answer any more; the next call starts a new one";
    return new AlephError("timeout", `The page took longer than ${timeoutMs} ms`, { cause, data: { hint } });
  }

  #leave(sessionKey: string, held: Held): void {
    if (held.busy > 0 || this.#held.get(sessionKey) !== held) return;
    clearTimeout(held.timer);
    held.timer = setTimeout(() => void this.end(sessionKey), this.#o.idleMs ?? IDLE_MS);
    held.timer.unref();
  }
}
