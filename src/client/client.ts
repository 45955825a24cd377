/** The typed client that the CLI, the TUI, the panel and the tests share: calls, events, reconnection with replay. */
import { compileGlob } from "../lib/glob.ts";
import type { Api } from "../methods/index.ts";
import type { ConnectResult } from "../protocol/connect.ts";
import { AlephError, fromRpcError } from "../protocol/errors.ts";
import type { EventFrame, Topic } from "../protocol/events.ts";
import type { Transport } from "./transport.ts";

export type Credentials = { readonly token: string } | { readonly session_token: string };

export interface ClientOptions {
  /** Opens one connection; called again for each reconnect. */
  readonly open: () => Promise<Transport>;
  /** Asked at each connect; undefined where the server needs none. */
  readonly credentials?: () => Credentials | undefined;
  readonly client: { readonly id: string; readonly version?: string; readonly platform?: string };
  /** Whether to connect again by itself after a loss. Default: no. */
  readonly reconnect?: boolean;
  /** Told of each change: for a status line. */
  readonly onState?: (state: ClientState) => void;
}

export type ClientState =
  | { readonly kind: "connected"; readonly hello: ConnectResult }
  | {
      readonly kind: "disconnected";
      readonly code: number;
      readonly reason: string;
      readonly retryInMs: number | undefined;
    }
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
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  /** Events whose topic matches, in order, each once, also over reconnects; until disposed. */
  subscribe(pattern: string, handle: (event: EventFrame) => void, options?: SubscribeOptions): Promise<Disposable>;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/** Connects and shakes hands. Rejects with `AlephError` when the server refuses, with `Error` when it is not there. */
export async function connect(options: ClientOptions): Promise<Client> {
  const client = new SocketClient(options);
  await client.open();
  return client;
}

interface Listener {
  readonly pattern: string;
  readonly matches: (topic: string) => boolean;
  readonly handle: (event: EventFrame) => void;
  readonly onTruncated: (() => void) | undefined;
  seen: number;
}

class SocketClient implements Client {
  readonly #options: ClientOptions;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Set<Listener>();
  #transport: Transport | undefined;
  #hello: ConnectResult | undefined;
  #nextId = 1;
  #disposed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get hello(): ConnectResult {
    if (!this.#hello) throw new AlephError("unauthenticated", "Not connected");
    return this.#hello;
  }

  async open(): Promise<void> {
    const transport = await this.#options.open();
    this.#transport = transport;
    transport.onFrame = (frame) => this.#receive(frame);
    void transport.closed.then(({ code, reason }) => this.#lost(transport, code, reason));
    const auth = this.#options.credentials?.();
    try {
      this.#hello = (await this.#request("connect", {
        minProtocol: 1,
        maxProtocol: 1,
        client: this.#options.client,
        role: "operator",
        ...(auth ? { auth } : {}),
      })) as ConnectResult;
    } catch (error) {
      if (error instanceof AlephError && error.reason !== "cancelled") {
        this.#disposed = true;
        this.#options.onState?.({ kind: "refused", error });
      }
      transport.close();
      throw error;
    }
    this.#failures = 0;
    this.#options.onState?.({ kind: "connected", hello: this.#hello });
  }

  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.#request(method, params) as Promise<Result<M>>;
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
      seen: options.afterSeq ?? -1,
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
    const { seq, truncated } = (await this.#request("events.subscribe", {
      pattern: listener.pattern,
      ...(listener.seen < 0 ? {} : { after_seq: listener.seen }),
    })) as Result<"events.subscribe">;
    if (truncated) listener.onTruncated?.();
    // Live from here on; a later reconnect asks from what was really seen.
    if (listener.seen < 0) listener.seen = seq;
  }

  #request(method: string, params: unknown): Promise<unknown> {
    const transport = this.#transport;
    if (!transport) return Promise.reject(lost());
    const id = this.#nextId++;
    const waiter = Promise.withResolvers<unknown>();
    this.#pending.set(id, waiter);
    try {
      transport.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    } catch {
      // The socket closed between two events; its `closed` rejects the rest.
      this.#pending.delete(id);
      waiter.reject(lost());
    }
    return waiter.promise;
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.method === "event") {
      this.#deliver(frame.params as EventFrame);
      return;
    }
    const waiter = frame.id === undefined || frame.id === null ? undefined : this.#pending.get(Number(frame.id));
    if (!waiter) return;
    this.#pending.delete(Number(frame.id));
    if (frame.error) waiter.reject(fromRpcError(frame.error));
    else waiter.resolve(frame.result);
  }

  #deliver(event: EventFrame): void {
    for (const listener of this.#listeners) {
      if (event.seq <= listener.seen || !listener.matches(event.topic)) continue;
      listener.seen = event.seq;
      listener.handle(event);
    }
  }

  #lost(transport: Transport, code: number, reason: string): void {
    if (this.#transport !== transport) return;
    this.#transport = undefined;
    for (const waiter of this.#pending.values()) waiter.reject(lost());
    this.#pending.clear();
    const again = this.#options.reconnect === true && !this.#disposed;
    const retryInMs = again ? this.#backOff() : undefined;
    if (!this.#disposed) this.#options.onState?.({ kind: "disconnected", code, reason, retryInMs });
    if (retryInMs !== undefined) this.#retryTimer = setTimeout(() => void this.#reopen(), retryInMs);
  }

  async #reopen(): Promise<void> {
    try {
      await this.open();
      for (const listener of this.#listeners) await this.#subscribeOnServer(listener);
    } catch {
      // A refusal is final and was told by `open`; anything else is tried again, here or by `#lost`.
      if (this.#disposed || this.#transport) return;
      this.#retryTimer = setTimeout(() => void this.#reopen(), this.#backOff());
    }
  }

  #backOff(): number {
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    return Math.round(longest / 2 + (Math.random() * longest) / 2);
  }
}

interface Frame {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { code: number; message: string; data?: unknown };
}

function lost(): AlephError {
  return new AlephError("cancelled", "Connection was lost before the answer came");
}

function ignoreLostConnection(error: unknown): void {
  if (!(error instanceof AlephError)) throw error;
}

/** Whether an event has this topic, with its data typed. */
export function isTopic<T extends Topic>(event: EventFrame, topic: T): event is EventFrame<T> {
  return event.topic === topic;
}
