/** Outgoing webhooks: events on disk before anybody is told, in order for each place, again and again until it has taken them. */
import type { Config, WebhookOutTable } from "../config/schema.ts";
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { retryAfter } from "../lib/retry-after.ts";
import { createTokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import { post } from "../sandbox/post.ts";
import type { Bus, Published } from "../sdk/bus.ts";
import type { NetworkDoor } from "../sdk/runtime.ts";
import type { Store } from "../sdk/store.ts";
import { Globs, isTold } from "./events.ts";
import {
  buryEvent,
  countEvents,
  deleteEvent,
  forgetEvents,
  hooksWithEvents,
  insertEvent,
  nextEvent,
  type OutgoingRow,
  postponeEvent,
  reviveEvents,
} from "./outbox-rows.ts";
import { signBody } from "./signature.ts";

export interface OutgoingOptions {
  readonly hooks: () => Config["webhooks"]["out"];
  readonly resolveSecret: (value: string) => Promise<string>;
  /** A way to this host, and to no other. */
  readonly door: (rules: readonly string[]) => Promise<NetworkDoor>;
  readonly store: Store;
  readonly bus: Pick<Bus, "attach">;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What became of one attempt. */
export interface Attempt {
  readonly ok: boolean;
  readonly status: number | null;
  /** Why it failed. */
  readonly error: string | null;
  readonly duration_ms: number;
  /** Whether the place will never take it, and how long it asks to be left alone. */
  readonly final: boolean;
  readonly retryAfterMs: number;
}

const TRIES = 10;
const RETRIES = { firstMs: 1000, factor: 4, longestMs: 3_600_000 };
const AGAIN_MS = 30_000;
const MOST_WAITING = 1000;
const DEAD_KEPT = 100;
const KEPT_MS = 7 * 86_400_000;
const MAX_BODY = 1_000_000;

export class Outgoing implements AsyncDisposable {
  readonly #o: OutgoingOptions;
  readonly #globs = new Globs();
  readonly #stop = new AbortController();
  readonly #workers = new Map<string, Worker>();
  readonly #lines = createTokenBucket(0.1, undefined, 5);
  readonly #attached: Disposable;

  constructor(options: OutgoingOptions) {
    this.#o = options;
    this.#attached = options.bus.attach({ deliver: (published) => this.#heard(published) });
  }

  /** Takes up what an earlier process did not send; what is too old is forgotten. */
  resume(): void {
    const { store, now } = this.#o;
    store.writeRelaxed((db) => forgetEvents(db, now() - KEPT_MS));
    for (const name of hooksWithEvents(store.db)) this.#kick(name);
  }

  /** Tries again what was given up. Throws `not_found`. */
  async retry(name: string): Promise<number> {
    this.#get(name);
    const { store, now } = this.#o;
    const count = await store.write((db) => reviveEvents(db, name, now()));
    this.#workers.get(name)?.wake.abort();
    this.#kick(name);
    return count;
  }

  /** Sends one event that is none, at once. Throws `not_found`. */
  async test(name: string): Promise<Attempt> {
    const hook = this.#get(name);
    const [delivery, topic, ts] = [createId("delivery"), "webhook.test", this.#o.now()];
    return this.#post(hook, { delivery, topic, body: JSON.stringify({ id: delivery, topic, seq: 0, ts, data: {} }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#attached[Symbol.dispose]();
    this.#stop.abort();
    await Promise.all([...this.#workers.values()].map(({ done }) => done));
  }

  #get(name: string): WebhookOutTable {
    const hook = this.#hook(name);
    if (!hook)
      throw new AlephError("not_found", `No outgoing webhook "${name}" in config.toml`, {
        data: { hint: "webhooks.list shows those that exist" },
      });
    return hook;
  }

  #hook(name: string): WebhookOutTable | undefined {
    const hooks = this.#o.hooks();
    return Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  }

  /** The row is there before the next event is told: a killed process loses none. */
  #heard(published: Published): void {
    if (!isTold(published)) return;
    const { topic } = published.event;
    const { store, now } = this.#o;
    for (const [name, hook] of Object.entries(this.#o.hooks())) {
      if (hook.enabled === false || !this.#globs.of(hook, hook.events)(topic)) continue;
      if (countEvents(store.db, name).waiting >= MOST_WAITING) {
        if (this.#lines.take() === 0) this.#o.log.error("too many events wait for a webhook", { webhook: name, topic });
        continue;
      }
      const delivery = createId("delivery");
      const row = { hook: name, delivery, topic, body: bodyOf(delivery, published), created_at: now() };
      store.writeRelaxed((db) => insertEvent(db, row));
      this.#kick(name);
    }
  }

  #kick(name: string): void {
    if (this.#workers.has(name) || !this.#isOn(name)) return;
    const worker = { done: Promise.resolve(), wake: new AbortController() };
    this.#workers.set(name, worker);
    let hasFailed = false;
    worker.done = this.#work(name, worker)
      .catch((thrown: unknown) => {
        hasFailed = true;
        this.#o.log.error("events could not be sent", { webhook: name, ...describeError(thrown) });
        // A disk that is full may have room again, also when no other event comes.
        return this.#o.wait(AGAIN_MS, AbortSignal.any([this.#stop.signal, worker.wake.signal]));
      })
      .finally(() => {
        if (this.#workers.get(name) === worker) this.#workers.delete(name);
        if (hasFailed) this.#kick(name);
      });
  }

  #isOn(name: string): boolean {
    const hook = this.#hook(name);
    return hook !== undefined && hook.enabled !== false && !this.#stop.signal.aborted;
  }

  async #work(name: string, worker: Worker): Promise<void> {
    const { store, now, wait } = this.#o;
    for (;;) {
      const row = nextEvent(store.db, name);
      const hook = this.#hook(name);
      // It goes on when the table is there again.
      if (!row || !hook || !this.#isOn(name)) {
        // At once: what is put down from now on needs another one.
        this.#workers.delete(name);
        return;
      }
      const rest = row.next_at - now();
      if (rest > 0) {
        worker.wake = new AbortController();
        await wait(rest, AbortSignal.any([this.#stop.signal, worker.wake.signal]));
        continue;
      }
      const attempt = await this.#post(hook, row);
      if (this.#stop.signal.aborted) return;
      this.#note(name, row, attempt);
    }
  }

  #note(name: string, row: OutgoingRow, { ok, error, final, retryAfterMs }: Attempt): void {
    const { store, now, log } = this.#o;
    if (ok) {
      store.writeRelaxed((db) => deleteEvent(db, row.id));
      return;
    }
    const failure = error ?? "it failed";
    const about = { webhook: name, topic: row.topic, attempt: row.attempts + 1, failure };
    if (final || row.attempts + 1 >= TRIES) {
      log.error("an event was given up: its webhook does not take it", about);
      store.writeRelaxed((db) => buryEvent(db, row, failure, DEAD_KEPT));
      return;
    }
    const retry = retryAfter(row.attempts, RETRIES, retryAfterMs);
    log.warn("an event could not be sent to a webhook", { ...about, retry_in_ms: retry });
    store.writeRelaxed((db) => postponeEvent(db, row.id, failure, now() + retry));
  }

  async #post(hook: WebhookOutTable, row: Pick<OutgoingRow, "delivery" | "topic" | "body">): Promise<Attempt> {
    const { resolveSecret, door, now } = this.#o;
    const begun = performance.now();
    const end = (said: Pick<Attempt, "ok" | "status" | "error"> & Partial<Attempt>): Attempt => ({
      final: false,
      retryAfterMs: 0,
      ...said,
      duration_ms: Math.round(performance.now() - begun),
    });
    try {
      const secret = hook.secret === undefined ? "" : await resolveSecret(hook.secret);
      const target = new URL(await resolveSecret(hook.url));
      if (hook.secret !== undefined && secret === "") throw new AlephError("config_invalid", "Its secret is empty");
      const way = await door([`connect:${target.origin}`]);
      const headers: [string, string][] = [
        ["content-type", "application/json"],
        ["user-agent", "aleph"],
        ["aleph-event", row.topic],
        ["aleph-delivery", row.delivery],
        ...(secret === "" ? [] : [["aleph-signature", signBody(row.body, secret, now())] as [string, string]]),
      ];
      const answer = await post(way, { url: target.href, headers, body: row.body }, this.#stop.signal);
      const { status, ok, isFinal: final, retryAfterMs } = answer;
      if (ok) return end({ ok, status, error: null });
      return end({ ok, status, error: `it answers with status ${status}`, final, retryAfterMs });
    } catch (thrown) {
      return end({ ok: false, status: null, error: sayWhy(thrown) });
    }
  }
}

interface Worker {
  done: Promise<void>;
  /** Ends its wait. */
  wake: AbortController;
}

/** What is too large to be sent whole is named, so that it can be asked for. */
function bodyOf(id: string, { event: { topic, seq, ts, data } }: Published): string {
  const whole = JSON.stringify({ id, topic, seq, ts, data });
  if (whole.length <= MAX_BODY) return whole;
  const ids = Object.fromEntries(
    Object.entries(data).filter(
      ([key, value]) => key.endsWith("_id") || (key === "session_key" && value !== undefined),
    ),
  );
  return JSON.stringify({ id, topic, seq, ts, data: { ...ids, truncated: true } });
}

/** Its address may hold a secret: of what went wrong no more is said than what kind it was. */
function sayWhy(thrown: unknown): string {
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") return "it did not answer in time";
  const { reason, message } = AlephError.from(thrown);
  return reason === "internal" ? "it could not be reached" : message;
}
