/** The typed client of Aleph. `Api` and `Events` in api.d.ts are made from the schemas that the server validates with. */
import type { Api, ConnectResult, Events, Reason } from "./api.d.ts";

export type { Api, ConnectResult, Events, Reason };

export type MethodName = keyof Api;
export type Params<M extends MethodName> = Api[M]["params"];
export type Result<M extends MethodName> = Api[M]["result"];

export type Topic = keyof Events;
export type EventData<T extends Topic = Topic> = Events[T];

/** `seq` grows for ever, also over restarts of the server; `ts` is Unix milliseconds. */
export interface EventFrame<T extends Topic = Topic> {
  readonly topic: T;
  readonly seq: number;
  readonly ts: number;
  readonly data: EventData<T>;
}

/** A device's Ed25519 key, wherever it is kept. */
export interface DeviceKey {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly id: string;
  /** The raw public key in base64url. */
  readonly publicKey: string;
  /** Of the text in UTF-8, in base64url. */
  sign(text: string): Promise<string>;
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

export interface AlephClientOptions {
  /** Where the server is: `http://127.0.0.1:18790`, `https://…` or its socket `wss://…/ws`. */
  readonly url: string;
  /** The owner's token or another one; asked again at each connection when it is a function. */
  readonly token?: string | (() => string | undefined) | undefined;
  /** Instead of a token: this device's own key. Unknown devices are refused with `pairing_required` until somebody lets them in. */
  readonly device?: DeviceKey | undefined;
  /** Lets an unknown device in at once: from `aleph pairing invite`. */
  readonly pairingCode?: string | undefined;
  /** What lists of devices and the server's log call this program. Default: `aleph-client`. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Connects again by itself after a loss, and replays what subscriptions have missed. Default: true. */
  readonly reconnect?: boolean | undefined;
  /** Ends the client, also while it connects. */
  readonly signal?: AbortSignal | undefined;
  /** How long the server may take to answer at first. Default: 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Told of each change: for a status line. */
  readonly onState?: ((state: ClientState) => void) | undefined;
}

export interface CallOptions {
  /** Rejects the call with `cancelled`. What the server does for it already may go on. */
  readonly signal?: AbortSignal | undefined;
  /** Rejects the call with `timeout` after so long. Default: it waits. */
  readonly timeoutMs?: number | undefined;
}

export interface SubscribeOptions {
  /** Replays what came after this event. */
  readonly afterSeq?: number;
  /** Told when events between the last one seen and now are gone: read the state anew. */
  readonly onTruncated?: () => void;
}

/** One connection to a server, made again as often as it is lost. */
export declare class AlephClient implements Disposable {
  private constructor();
  /** Rejects with `AlephError`: its `reason` says whether the server refused (`auth_failed`, …) or is not there (`not_found`). */
  static connect(options: AlephClientOptions): Promise<AlephClient>;
  /** What the server said when it let this client in: who it is, what it may do, what there is. */
  get hello(): ConnectResult;
  /** Rejects with `AlephError`. A call that was under way when the connection was lost is `cancelled`, not made again. */
  call<M extends MethodName>(
    method: M,
    ...[params, options]: Record<never, never> extends Params<M>
      ? [params?: Params<M>, options?: CallOptions]
      : [params: Params<M>, options?: CallOptions]
  ): Promise<Result<M>>;
  /** Events of one topic, in order, each once, also over reconnects; until disposed. */
  on<T extends Topic>(
    topic: T,
    handle: (event: EventFrame<T>) => void,
    options?: SubscribeOptions,
  ): Promise<Disposable>;
  /** Events whose topic matches: `agent.*`, or `**` for all. `isTopic(event, "agent.completed")` tells which it is. */
  subscribe(pattern: string, handle: (event: EventFrame) => void, options?: SubscribeOptions): Promise<Disposable>;
  /** Ends the connection and all subscriptions; calls that wait reject with `cancelled`. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Why something was refused or failed. `data.hint` says what to do next where that helps. */
export declare class AlephError extends Error {
  override readonly name: "AlephError";
  readonly reason: Reason;
  readonly data: Readonly<Record<string, unknown>>;
  constructor(
    reason: Reason,
    message: string,
    options?: { readonly cause?: unknown; readonly data?: Readonly<Record<string, unknown>> },
  );
}

/** Whether an event has this topic, with its data typed. */
export declare function isTopic<T extends Topic>(event: EventFrame, topic: T): event is EventFrame<T>;

/** A new device key as text, to be kept where nobody else reads it. */
export declare function createDeviceSecret(): Promise<string>;

/** The key of the text that `createDeviceSecret` gave. Rejects with `invalid_params` when it is something else. */
export declare function deviceKeyOf(secret: string): Promise<DeviceKey>;
