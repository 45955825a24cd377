/** One client's connection: its rights, its subscriptions, what it asked and what it is owed. */
import { compileGlob } from "../lib/glob.ts";
import type { Log } from "../lib/log.ts";
import { CLOSE } from "../protocol/close.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import { failure } from "../protocol/jsonrpc.ts";
import type { Bus, Published, Subscriber } from "../sdk/bus.ts";
import type { Connection, Subscribed } from "../sdk/connection.ts";
import type { Dispatch } from "./dispatch.ts";
import { Outbox, type Sink } from "./outbox.ts";

/** Time for the first valid `connect`. */
const HANDSHAKE_MS = 10_000;
/** What someone who has not proved who they are may send at once. */
const STRANGER_FRAME = 64 * 1024;
const MAX_SUBSCRIPTIONS = 100;
/** Events of a replay between two looks at how far the reader is. */
const REPLAY_PAGE = 200;

export interface ConnectionOptions {
  readonly id: string;
  readonly host: string;
  readonly address: string;
  readonly cookie: string | undefined;
  readonly sink: Sink;
  readonly bus: Bus;
  readonly dispatch: Dispatch;
  readonly log: Log;
  readonly now: () => number;
  readonly maxPayload: () => number;
  readonly maxBuffered: () => number;
  /** Rights that need no handshake: `auth.mode = "none"`, or a client inside the process. */
  readonly rights: { readonly grant: Grant; readonly credential: string } | undefined;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
}

interface Subscription {
  readonly matches: (topic: string) => boolean;
  /** Everything up to here was delivered or did not match. */
  seen: number;
}

export class GatewayConnection implements Connection, Subscriber {
  readonly id: string;
  readonly host: string;
  readonly address: string;
  readonly cookie: string | undefined;
  readonly nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #ended = new AbortController();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #signal: AbortSignal;
  #wants = new Map<string, boolean>();
  #grant: Grant | undefined;
  #credential: string | undefined;
  #behind = false;
  #attached: Disposable | undefined;
  #handshake: Timer | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.id = options.id;
    this.host = options.host;
    this.address = options.address;
    this.cookie = options.cookie;
    this.#grant = options.rights?.grant;
    this.#credential = options.rights?.credential;
    this.#outbox = new Outbox(options.sink, options.maxBuffered);
    this.#signal = AbortSignal.any([options.signal, this.#ended.signal]);
  }

  get grant(): Grant | undefined {
    return this.#grant;
  }

  /** What its rights came from. */
  get credential(): string | undefined {
    return this.#credential;
  }

  get subscriptions(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  /** Greets the client and starts the clock of the handshake. */
  open(): void {
    const challenge = {
      topic: "connect.challenge",
      seq: 0,
      ts: this.#options.now(),
      data: { nonce: this.nonce, ts: this.#options.now() },
    };
    this.#outbox.send(JSON.stringify({ jsonrpc: "2.0", method: "event", params: challenge }));
    if (this.#grant) return;
    this.#handshake = setTimeout(
      () => this.#options.sink.close(CLOSE.unauthenticated, "connect expected"),
      HANDSHAKE_MS,
    );
  }

  /** One frame from the client. Never throws: each way that it can be wrong is answered. */
  async receive(frame: string | Uint8Array): Promise<void> {
    if (typeof frame !== "string") {
      this.#outbox.send(
        JSON.stringify(failure(null, new AlephError("invalid_request", "Frames must be text, not binary"))),
      );
      return;
    }
    const limit = this.#grant ? this.#options.maxPayload() : STRANGER_FRAME;
    if (frame.length > limit) {
      this.#options.sink.close(1009, "message too big");
      return;
    }
    const answer = await this.#options.dispatch(frame, this, this.#signal);
    if (answer !== undefined) this.#outbox.send(answer);
  }

  authenticate(grant: Grant, credential: string): void {
    clearTimeout(this.#handshake);
    this.#grant = grant;
    this.#credential = credential;
  }

  /** After a wrong credential: the answer first, then the end. */
  refuse(): void {
    if (!this.#grant) this.#options.sink.close(CLOSE.unauthenticated, "authentication failed");
  }

  subscribe(pattern: string, afterSeq?: number): Subscribed {
    const { bus } = this.#options;
    if (!this.#subscriptions.has(pattern) && this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new AlephError("overloaded", `A connection may have ${MAX_SUBSCRIPTIONS} subscriptions`, {
        data: { hint: "Use wider patterns, such as stream.*" },
      });
    }
    if (!this.#behind) for (const subscription of this.#subscriptions.values()) subscription.seen = bus.seq;
    this.#subscriptions.set(pattern, { matches: compileGlob(pattern), seen: Math.min(afterSeq ?? bus.seq, bus.seq) });
    this.#wants.clear();
    this.#attached ??= bus.attach(this);
    const answer = {
      truncated: afterSeq !== undefined && afterSeq + 1 < bus.oldestSeq,
      oldest_seq: bus.oldestSeq,
      seq: bus.seq,
    };
    if (afterSeq !== undefined && afterSeq < bus.seq && !this.#behind) {
      this.#behind = true;
      void this.#catchUp();
    }
    return answer;
  }

  unsubscribe(pattern: string): boolean {
    this.#wants.clear();
    const had = this.#subscriptions.delete(pattern);
    if (this.#subscriptions.size === 0) this.#detach();
    return had;
  }

  deliver(published: Published): void {
    if (this.#behind || !this.#wantsTopic(published.event.topic) || !this.#maySee(published)) return;
    this.#outbox.sendEvent(published);
  }

  drain(): void {
    this.#outbox.drain();
  }

  close(code: number, reason: string): void {
    this.#options.sink.close(code, reason);
  }

  /** The socket has ended, whoever ended it. */
  ended(): void {
    clearTimeout(this.#handshake);
    this.#outbox.close();
    this.#detach();
    this.#ended.abort(new AlephError("cancelled", "Connection has ended"));
  }

  /** Replays at the pace of the reader; what comes live meanwhile is read from the bus in its turn. */
  async #catchUp(): Promise<void> {
    const { bus } = this.#options;
    while (!this.#ended.signal.aborted) {
      // The answer to `events.subscribe` goes first, and others get their turn between two pages.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#outbox.ready();
      const subscriptions = [...this.#subscriptions.values()];
      const after = Math.min(...subscriptions.map(({ seen }) => seen));
      const page = Number.isFinite(after) ? bus.read(after, REPLAY_PAGE) : [];
      const last = page.at(-1);
      if (!last) break;
      for (const published of page) {
        const { seq, topic } = published.event;
        const matching = subscriptions.filter(({ matches }) => matches(topic));
        const isNew = matching.length > 0 && matching.every(({ seen }) => seen < seq);
        if (isNew && this.#maySee(published)) this.#outbox.sendEvent(published);
      }
      for (const subscription of subscriptions) subscription.seen = Math.max(subscription.seen, last.event.seq);
    }
    this.#behind = false;
  }

  #wantsTopic(topic: string): boolean {
    let wanted = this.#wants.get(topic);
    if (wanted === undefined) {
      wanted = [...this.#subscriptions.values()].some(({ matches }) => matches(topic));
      this.#wants.set(topic, wanted);
    }
    return wanted;
  }

  /** An operator sees every event; whoever else there is sees none until a rule of theirs says so. */
  #maySee(_published: Published): boolean {
    return this.#grant?.role === "operator";
  }

  #detach(): void {
    this.#attached?.[Symbol.dispose]();
    this.#attached = undefined;
  }
}
