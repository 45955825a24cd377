/** One client's connection: its rights, its subscriptions, what it asked and what it is owed. */
import { compileGlob } from "../lib/glob.ts";
import { describeError, type Log } from "../lib/log.ts";
import { CLOSE } from "../protocol/close.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import { failure } from "../protocol/jsonrpc.ts";
import type { Bus, Published, Subscriber } from "../sdk/bus.ts";
import type { Connection, Rights, Subscribed } from "../sdk/connection.ts";
import { ClientRequests } from "./client-requests.ts";
import type { Answer, Dispatch } from "./dispatch.ts";
import { asGuestsSee } from "./guest-events.ts";
import { Outbox, type Sink } from "./outbox.ts";

/** What a visitor of somebody's page may send: a long message, and no file. */
const VISITOR_FRAME = 64 * 1024;
/** What someone who has not proved who they are may send: a frame of this many bytes, and so many of them. */
const STRANGER_FRAME = 4 * 1024;
const STRANGER_FRAMES = 20;
const MAX_SUBSCRIPTIONS = 100;
/** Events of a replay between two looks at how far the reader is. */
const REPLAY_PAGE = 200;
/** Between two looks at the clock of rights that end by themselves: it may be set meanwhile. */
const EXPIRY_LOOK_MS = 30_000;

/** What is known of a client before it has said anything. */
export type Caller = Pick<Connection, "host" | "address" | "cookie" | "origin" | "isForeign">;

export interface ConnectionOptions extends Caller {
  readonly id: string;
  readonly sink: Sink;
  readonly bus: Bus;
  readonly dispatch: Dispatch;
  readonly log: Log;
  readonly now: () => number;
  /** Time for the first valid `connect`. */
  readonly handshakeMs: number;
  readonly maxPayload: () => number;
  readonly maxBuffered: () => number;
  /** Rights that need no handshake: `auth.mode = "none"`, or a client inside the process. */
  readonly rights: Rights | undefined;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
}

interface Subscription {
  readonly matches: (topic: string) => boolean;
  /** Everything up to here was delivered or did not match. Kept only while the connection is behind. */
  seen: number;
}

export class GatewayConnection implements Connection, Subscriber {
  readonly id: string;
  readonly host: string;
  readonly address: string;
  readonly cookie: string | undefined;
  readonly origin: string | undefined;
  readonly isForeign: boolean;
  readonly nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
  /** Requests that are not answered yet. */
  underWay = 0;
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #requests: ClientRequests;
  readonly #ended = new AbortController();
  #hasEnded = false;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #signal: AbortSignal;
  #wants = new Map<string, boolean>();
  #rights: Rights | undefined;
  #strangerFrames = 0;
  /** Frames that came while a stranger's frame was being answered. */
  #waiting: (string | Uint8Array)[] | undefined;
  #refused = false;
  #behind = false;
  #attached: Disposable | undefined;
  #handshake: Timer | undefined;
  #expiry: Timer | undefined;
  #nonceUsed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.id = options.id;
    this.host = options.host;
    this.address = options.address;
    this.cookie = options.cookie;
    this.origin = options.origin;
    this.isForeign = options.isForeign;
    this.#rights = options.rights;
    this.#outbox = new Outbox(options.sink, options.maxBuffered);
    this.#requests = new ClientRequests((frame) => this.#outbox.send(frame));
    this.#signal = AbortSignal.any([options.signal, this.#ended.signal]);
  }

  get rights(): Rights | undefined {
    return this.#rights;
  }

  get grant(): Grant | undefined {
    return this.#rights?.grant;
  }

  get subscriptions(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    return this.#requests.ask(method, params, signal);
  }

  /** Whether `value` is the client's answer to `request`. */
  takeAnswer(value: unknown): boolean {
    return this.#requests.take(value);
  }

  /** Greets the client and starts the clock of the handshake. Another page is told nothing before it has shown its invite. */
  open(): void {
    const ts = this.#options.now();
    const challenge = { topic: "connect.challenge", seq: 0, ts, data: { nonce: this.nonce, ts } };
    if (!this.isForeign) this.#outbox.send(JSON.stringify({ jsonrpc: "2.0", method: "event", params: challenge }));
    if (this.#rights) return;
    this.#handshake = setTimeout(
      () => this.close(CLOSE.unauthenticated, "connect expected"),
      this.#options.handshakeMs,
    );
  }

  /** One frame from the client. Never throws: each way that it can be wrong is answered. */
  receive(frame: string | Uint8Array): void {
    if (this.#hasEnded || this.#hasExpired()) return;
    if (!this.#rights && ++this.#strangerFrames > STRANGER_FRAMES) {
      this.close(CLOSE.unauthenticated, "connect expected");
      return;
    }
    if (this.#waiting) {
      this.#waiting.push(frame);
      return;
    }
    const answer = this.#answer(frame);
    if (!(answer instanceof Promise)) {
      this.#reply(answer);
      return;
    }
    // A stranger's frames are taken one after the other: what comes right behind `connect` finds it done.
    if (!this.#rights) this.#waiting = [];
    void answer.then((text) => {
      this.#reply(text);
      const waiting = this.#waiting;
      this.#waiting = undefined;
      for (const next of waiting ?? []) this.receive(next);
    });
  }

  authenticate(rights: Rights): void {
    // It ended while its credential was looked at: what it asked behind that must find it closed, or nobody lets go of it.
    if (this.#hasEnded) return;
    clearTimeout(this.#handshake);
    clearTimeout(this.#expiry);
    this.#rights = rights;
    this.#awaitExpiry();
  }

  takeNonce(nonce: string): boolean {
    const fits = !this.#nonceUsed && nonce === this.nonce;
    this.#nonceUsed = true;
    return fits;
  }

  /** After a wrong credential: the answer first, then the end. */
  refuse(): void {
    this.#refused = true;
  }

  /** Ends the connection if its rights came from this credential: the rights at once, the socket when its answer is out. */
  revoke(credential: string): void {
    if (!this.#rights?.credentials.includes(credential)) return;
    this.#rights = undefined;
    setImmediate(() => this.close(CLOSE.unauthenticated, "credential revoked"));
  }

  /**
   * With `afterSeq` all kept events behind it that match are sent once more, also those that came over another
   * subscription; after that, as without it, each event is sent once, however many subscriptions it matches.
   */
  subscribe(pattern: string, afterSeq?: number): Subscribed {
    const { bus } = this.#options;
    const { seq } = bus;
    const oldestSeq = this.#oldestSeq;
    const known = this.#subscriptions.get(pattern);
    if (!known && this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new AlephError("overloaded", `A connection may have ${MAX_SUBSCRIPTIONS} subscriptions`, {
        data: { hint: "Use wider patterns, such as stream.*" },
      });
    }
    // What waits for a slow reader is read from the bus again: a replay must not come behind newer events.
    const held = (this.#outbox.withdrawEvents() ?? seq + 1) - 1;
    for (const subscription of this.#subscriptions.values()) {
      subscription.seen = this.#behind ? Math.min(subscription.seen, held) : held;
    }
    // A number that was never given is one of another database.
    const truncated = afterSeq !== undefined && (afterSeq + 1 < oldestSeq || afterSeq > seq);
    const from = afterSeq === undefined ? seq : Math.max(Math.min(afterSeq, seq), oldestSeq - 1);
    this.#subscriptions.set(pattern, { matches: compileGlob(pattern), seen: Math.min(from, known?.seen ?? from) });
    this.#wants.clear();
    this.#attached ??= bus.attach(this);
    if (!this.#behind) {
      this.#behind = true;
      void this.#catchUp();
    }
    return { truncated, oldest_seq: oldestSeq, seq };
  }

  unsubscribe(pattern: string): boolean {
    this.#wants.clear();
    const had = this.#subscriptions.delete(pattern);
    if (this.#subscriptions.size === 0) this.#detach();
    return had;
  }

  deliver(published: Published): void {
    if (!this.#behind && this.#wantsTopic(published.event.topic)) this.#show(published);
  }

  drain(): void {
    this.#outbox.drain();
  }

  close(code: number, reason: string): void {
    this.#options.sink.close(code, reason);
  }

  /** The socket has ended, whoever ended it. */
  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#handshake);
    clearTimeout(this.#expiry);
    this.#outbox.close();
    this.#detach();
    const gone = new AlephError("cancelled", "Connection has ended");
    this.#requests.close(gone);
    this.#ended.abort(gone);
  }

  #hasExpired(): boolean {
    if ((this.#rights?.expiresAt ?? Number.POSITIVE_INFINITY) > this.#options.now()) return false;
    this.#rights = undefined;
    this.close(CLOSE.unauthenticated, "credential expired");
    return true;
  }

  #awaitExpiry(): void {
    const { expiresAt } = this.#rights ?? {};
    if (expiresAt === undefined) return;
    const wait = Math.max(1, Math.min(expiresAt - this.#options.now(), EXPIRY_LOOK_MS));
    this.#expiry = setTimeout(() => {
      if (!this.#hasExpired()) this.#awaitExpiry();
    }, wait);
    this.#expiry.unref();
  }

  #answer(frame: string | Uint8Array): Answer | Promise<Answer> {
    const limit = this.#frameLimit();
    if (isLonger(frame, limit)) {
      this.close(CLOSE.tooBig, "message too big");
      return undefined;
    }
    if (typeof frame !== "string") {
      return failure(null, new AlephError("invalid_request", "Frames must be text, not binary"));
    }
    return this.#options.dispatch(frame, this, this.#signal);
  }

  #frameLimit(): number {
    if (!this.#rights) return STRANGER_FRAME;
    const most = this.#options.maxPayload();
    return this.#rights.grant.guest?.isVisitor ? Math.min(most, VISITOR_FRAME) : most;
  }

  #reply(answer: Answer): void {
    if (answer !== undefined) this.#outbox.send(answer);
    // Another page has one try: what it says first lets it in, or it was not invited.
    if ((this.#refused || this.isForeign) && !this.#rights) this.close(CLOSE.unauthenticated, "authentication failed");
  }

  /** Reads on from the bus at the pace of the reader, until nothing is left; what comes live meanwhile has its turn there. */
  async #catchUp(): Promise<void> {
    try {
      for (;;) {
        // The answer to `events.subscribe` goes first, and others get their turn between two pages.
        await new Promise((resolve) => setImmediate(resolve));
        await this.#outbox.ready();
        if (this.#hasEnded) return;
        const page = this.#nextPage();
        if (page.length === 0) break;
        for (const published of page) {
          if (!this.#outbox.isReady) break;
          this.#replay(published);
        }
      }
      this.#behind = false;
    } catch (thrown) {
      this.#options.log.error("events cannot be replayed", { connection: this.id, ...describeError(thrown) });
      this.close(CLOSE.internal, "replay failed");
    }
  }

  #nextPage(): readonly Published[] {
    const { bus } = this.#options;
    if (this.#subscriptions.size === 0) return [];
    const after = Math.min(...[...this.#subscriptions.values()].map(({ seen }) => seen));
    if (after + 1 < this.#oldestSeq) {
      // Gone while they waited for their turn. The client comes again and is told so.
      this.close(CLOSE.slowConsumer, "slow consumer");
      return [];
    }
    return bus.read(after, REPLAY_PAGE);
  }

  /** What a guest may see is in memory alone: strangers have the disk not read for the events of others. */
  get #oldestSeq(): number {
    const { oldestSeq, oldestInMemory } = this.#options.bus;
    return this.#rights?.grant.guest ? Math.max(oldestSeq, oldestInMemory) : oldestSeq;
  }

  #replay(published: Published): void {
    const { seq, topic } = published.event;
    let isNew = false;
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.seen >= seq) continue;
      subscription.seen = seq;
      isNew ||= subscription.matches(topic);
    }
    if (isNew) this.#show(published);
  }

  #wantsTopic(topic: string): boolean {
    let wanted = this.#wants.get(topic);
    if (wanted === undefined) {
      wanted = [...this.#subscriptions.values()].some(({ matches }) => matches(topic));
      this.#wants.set(topic, wanted);
    }
    return wanted;
  }

  /** An operator sees every event, a guest what is for guests of those of its own session, a node none. */
  #show(published: Published): void {
    const grant = this.#rights?.grant;
    if (grant?.role === "operator") this.#outbox.sendEvent(published);
    else if (grant?.guest !== undefined && grant.guest.sessionKey === published.sessionKey) {
      const seen = asGuestsSee(published);
      if (seen) this.#outbox.sendEvent(seen);
    }
  }

  #detach(): void {
    this.#attached?.[Symbol.dispose]();
    this.#attached = undefined;
  }
}

/** In bytes; a UTF-16 unit has one to three of them. */
function isLonger(frame: string | Uint8Array, limit: number): boolean {
  if (typeof frame !== "string") return frame.byteLength > limit;
  return frame.length > limit || (frame.length * 3 > limit && Buffer.byteLength(frame) > limit);
}
