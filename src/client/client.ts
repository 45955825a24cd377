/** The typed client that the CLI, the TUI, the panel and the tests share: calls, events, reconnection with replay. */
import { compileGlob } from "../lib/glob.ts";
import type { Api } from "../methods/index.ts";
import type { ConnectResult } from "../protocol/connect.ts";
import { deviceStatement } from "../protocol/device-statement.ts";
import { AlephError, ERRORS } from "../protocol/errors.ts";
import type { EventFrame, Topic } from "../protocol/events.ts";
import { type Answer, type CallOptions, Calls, lost } from "./calls.ts";
import type { Transport } from "./transport.ts";

export type Credentials =
  | { readonly token: string }
  | { readonly session_token: string }
  /** A page's; `visit` is what an earlier answer called so. */
  | { readonly invite: string; readonly visit?: string }
  | { readonly device: DeviceKey /** Lets a device in that nobody knows yet. */; readonly pairing_code?: string };

/** A device's Ed25519 key, wherever it is kept. */
export interface DeviceKey {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly id: string;
  /** The raw public key in base64url. */
  readonly publicKey: string;
  /** Of the text in UTF-8, in base64url. */
  sign(text: string): Promise<string>;
}

export interface ClientOptions {
  /** Opens one connection; called again for each reconnect. */
  readonly open: () => Promise<Transport>;
  /** Asked at each connect; undefined where the server needs none. */
  readonly credentials?: () => Credentials | undefined;
  readonly client: { readonly id: string; readonly version?: string; readonly platform?: string };
  /** As in the Host header of the connection: a device signs for whom its signature is. */
  readonly host?: string;
  /** Whether to connect again by itself after a loss. Default: no. */
  readonly reconnect?: boolean;
  /** Told of each change: for a status line. */
  readonly onState?: (state: ClientState) => void;
}

export type ClientState =
  /** Subscriptions made earlier are replayed from here on. */
  | { readonly kind: "connected"; readonly hello: ConnectResult }
  | {
      readonly kind: "disconnected";
      readonly code: number;
      readonly reason: string;
      readonly retryInMs: number | undefined;
    }
  /** Final: another try would end in the same way. */
  | { readonly kind: "refused"; readonly error: AlephError };

export type MethodName = keyof Api;
export type Params<M extends MethodName> = Api[M]["params"];
export type Result<M extends MethodName> = Api[M]["result"];

export interface SubscribeOptions {
  /** Replays what came after this event. */
  readonly afterSeq?: number;
  /** Told when events between the last one seen and now are gone: read the state anew. */
  readonly onTruncated?: () => void;
}

export interface Client extends Disposable {
  readonly hello: ConnectResult;
  /** Rejects with `AlephError`; `cancelled` when the connection is lost before the answer came. */
  call<M extends MethodName>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>;
  /** Events whose topic matches, in order, each once, also over reconnects; until disposed. */
  subscribe(pattern: string, handle: (event: EventFrame) => void, options?: SubscribeOptions): Promise<Disposable>;
}

interface Challenge {
  readonly nonce: string;
  /** Unix milliseconds of the server's clock. */
  readonly ts: number;
}

/** The challenge is the first thing that a server sends. */
const CHALLENGE_MS = 3_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/** Connects and shakes hands. Rejects with `AlephError` when the server refuses, with `Error` when it is not there. */
export async function connect(options: ClientOptions): Promise<Client> {
  const client = new SocketClient(options);
  try {
    await client.open();
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
  return client;
}

interface Listener {
  readonly pattern: string;
  readonly matches: (topic: string) => boolean;
  readonly handle: (event: EventFrame) => void;
  readonly onTruncated: (() => void) | undefined;
  /** Everything up to here was handled or did not match; undefined before the first subscription has been answered. */
  seen: number | undefined;
  /** Whether this connection's subscription has been answered: what comes before that comes again, in order. */
  isLive: boolean;
}

class SocketClient implements Client {
  readonly #options: ClientOptions;
  readonly #calls = new Calls();
  readonly #listeners = new Set<Listener>();
  #transport: Transport | undefined;
  #hello: ConnectResult | undefined;
  /** The nonce of this connection, which comes by itself. */
  #challenge = Promise.withResolvers<Challenge>();
  #disposed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** What the server asked to wait before the next try. */
  #waitMs = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get hello(): ConnectResult {
    if (!this.#hello) throw new AlephError("unauthenticated", "Not connected");
    return this.#hello;
  }

  async open(): Promise<void> {
    const transport = await this.#options.open();
    if (this.#disposed) {
      transport.close();
      throw lost();
    }
    this.#transport = transport;
    this.#challenge = Promise.withResolvers<Challenge>();
    // Heard by those who wait for it, and else by nobody.
    this.#challenge.promise.catch(ignoreLostConnection);
    transport.onFrame = (frame) => this.#receive(frame);
    void transport.closed.then(({ code, reason }) => this.#lost(transport, code, reason));
    try {
      const auth = await this.#credentials();
      this.#hello = (await this.#request("connect", {
        minProtocol: 1,
        maxProtocol: 1,
        client: this.#options.client,
        role: "operator",
        ...(auth ? { auth } : {}),
      })) as ConnectResult;
    } catch (error) {
      this.#waitMs = retryAfterOf(error);
      if (isFinal(error)) {
        this.#disposed = true;
        this.#options.onState?.({ kind: "refused", error });
      }
      transport.close();
      throw error;
    }
    // The line may have gone right behind the answer: `#lost` has told that, and tries again.
    if (this.#transport !== transport) throw lost();
    this.#failures = 0;
    this.#options.onState?.({ kind: "connected", hello: this.#hello });
  }

  call<M extends MethodName>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>> {
    return this.#request(method, params, options) as Promise<Result<M>>;
  }

  async subscribe(
    pattern: string,
    handle: (event: EventFrame) => void,
    options: SubscribeOptions = {},
  ): Promise<Disposable> {
    const listener: Listener = {
      pattern,
      matches: compileGlob(pattern),
      handle,
      onTruncated: options.onTruncated,
      seen: options.afterSeq,
      isLive: false,
    };
    this.#listeners.add(listener);
    try {
      await this.#subscribeOnServer(listener);
    } catch (error) {
      this.#listeners.delete(listener);
      throw error;
    }
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        const shared = [...this.#listeners].some((other) => other.pattern === pattern);
        if (!shared && !this.#disposed) this.call("events.unsubscribe", { pattern }).catch(ignoreLostConnection);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#retryTimer);
    this.#transport?.close();
  }

  async #subscribeOnServer(listener: Listener): Promise<void> {
    const params = {
      pattern: listener.pattern,
      ...(listener.seen === undefined ? {} : { after_seq: listener.seen }),
    };
    await this.#request("events.subscribe", params, {}, (result) => {
      const { seq, truncated } = result as Result<"events.subscribe">;
      // Numbers beyond the server's are those of another database.
      listener.seen = Math.min(listener.seen ?? seq, seq);
      listener.isLive = true;
      if (truncated) listener.onTruncated?.();
    });
  }

  async #credentials(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const given = this.#options.credentials?.();
    if (!given || !("device" in given)) return given;
    const { device, ...more } = given;
    const challenge = await soon(this.#challenge.promise);
    // Who sends no challenge asks for no signature.
    if (challenge === undefined) return undefined;
    // By the server's clock: that of this device may be wrong, and what makes it fresh is the nonce.
    const unsigned = { id: device.id, public_key: device.publicKey, nonce: challenge.nonce, signed_at: challenge.ts };
    const { client, host = "" } = this.#options;
    const signature = await device.sign(
      deviceStatement(unsigned, { clientId: client.id, role: "operator", scopes: [], host }),
    );
    return { device: { ...unsigned, signature }, ...more };
  }

  #request(
    method: string,
    params: unknown,
    options: CallOptions = {},
    accept?: (result: unknown) => void,
  ): Promise<unknown> {
    const transport = this.#transport;
    if (!transport) return Promise.reject(lost());
    const send = (id: number) => transport.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return this.#calls.start(send, options, accept);
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.method === "event") {
      // The one event that is no topic of the bus.
      const { topic, data } = frame.params as { topic: string; data: Partial<Challenge> };
      if (topic === "connect.challenge") {
        this.#challenge.resolve({ nonce: data.nonce ?? "", ts: data.ts ?? Date.now() });
      }
      this.#deliver(frame.params as EventFrame);
      return;
    }
    this.#calls.settle(frame);
  }

  #deliver(event: EventFrame): void {
    for (const listener of this.#listeners) {
      if (!listener.isLive || event.seq <= listener.seen!) continue;
      // Also when it does not match: the server sends in order, so nothing older is to come.
      listener.seen = event.seq;
      if (!listener.matches(event.topic)) continue;
      try {
        listener.handle(event);
      } catch (error) {
        // One listener's failure is no other's, nor the connection's.
        reportError(error);
      }
    }
  }

  #lost(transport: Transport, code: number, reason: string): void {
    if (this.#transport !== transport) return;
    this.#transport = undefined;
    this.#challenge.reject(lost());
    for (const listener of this.#listeners) listener.isLive = false;
    this.#calls.loseAll();
    const again = this.#options.reconnect === true && !this.#disposed;
    const retryInMs = again ? this.#backOff() : undefined;
    if (!this.#disposed) this.#options.onState?.({ kind: "disconnected", code, reason, retryInMs });
    if (retryInMs !== undefined) this.#reopenIn(retryInMs);
  }

  /** One try at a time: whoever comes second finds it planned. */
  #reopenIn(ms: number): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      void this.#reopen();
    }, ms);
  }

  async #reopen(): Promise<void> {
    try {
      await this.open();
      for (const listener of this.#listeners) if (!listener.isLive) await this.#subscribeOnServer(listener);
    } catch {
      // A refusal is final and was told by `open`; all else is tried again.
      if (this.#disposed) return;
      // Without its subscriptions a connection is worth nothing: `#lost` comes again for it.
      if (this.#transport) this.#transport.close();
      else if (!this.#retryTimer) this.#reopenIn(this.#backOff());
    }
  }

  #backOff(): number {
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    const wait = Math.max(this.#waitMs, Math.round(longest / 2 + (Math.random() * longest) / 2));
    this.#waitMs = 0;
    return wait;
  }
}

interface Frame extends Answer {
  readonly method?: string;
  readonly params?: unknown;
}

/** A refusal that the next try would meet again; a lost line, a busy server or too many tries are none. */
function isFinal(error: unknown): error is AlephError {
  return error instanceof AlephError && error.reason !== "cancelled" && !ERRORS[error.reason].retryable;
}

function retryAfterOf(error: unknown): number {
  const wait = error instanceof AlephError ? error.data.retry_after_ms : undefined;
  return typeof wait === "number" ? wait : 0;
}

/** What the promise gives, if it does so in time. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), CHALLENGE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function ignoreLostConnection(error: unknown): void {
  if (!(error instanceof AlephError)) throw error;
}

/** Whether an event has this topic, with its data typed. */
export function isTopic<T extends Topic>(event: EventFrame, topic: T): event is EventFrame<T> {
  return event.topic === topic;
}
