/** The client for other people's programs, which the package `aleph-client` holds: the shared one, with an address and credentials. */
import type { ConnectResult } from "../protocol/connect.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventFrame, Topic } from "../protocol/events.ts";
import { originOf, toSocketUrl } from "./address.ts";
import type { CallOptions } from "./calls.ts";
import {
  type Client,
  type ClientState,
  type Credentials,
  connect,
  type DeviceKey,
  isTopic,
  type MethodName,
  type Params,
  type Result,
  type SubscribeOptions,
} from "./client.ts";
import { openWebSocket, type Transport } from "./transport.ts";

export { AlephError } from "../protocol/errors.ts";
export { isTopic } from "./client.ts";
export { createDeviceSecret, deviceKeyOf } from "./device-key.ts";

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

const CONNECT_MS = 10_000;

/** One connection to a server, made again as often as it is lost. */
export class AlephClient implements Disposable {
  readonly #client: Client;
  readonly #release: () => void;

  private constructor(client: Client, release: () => void) {
    this.#client = client;
    this.#release = release;
  }

  /** Rejects with `AlephError`: its `reason` says whether the server refused (`auth_failed`, …) or is not there (`not_found`). */
  static async connect(options: AlephClientOptions): Promise<AlephClient> {
    const { signal, connectTimeoutMs = CONNECT_MS, onState, name = "aleph-client", version } = options;
    const url = toSocketUrl(options.url);
    // Later connections are the client's own: this is for the first.
    const late = AbortSignal.timeout(connectTimeoutMs);
    const until = signal === undefined ? late : AbortSignal.any([signal, late]);
    let first: Promise<Transport> | undefined;
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => "heard below, where somebody waits for it");
    until.addEventListener("abort", () => ended.reject(until.reason), { once: true });
    const opening = connect({
      open: () => {
        const opened = openWebSocket(url, first === undefined ? { signal: until } : {});
        first ??= opened;
        return opened;
      },
      credentials: () => credentialsOf(options),
      client: { id: name, ...(version === undefined ? {} : { version }) },
      host: new URL(url).host,
      reconnect: options.reconnect ?? true,
      ...(onState ? { onState } : {}),
    });
    try {
      signal?.throwIfAborted();
      const client = await Promise.race([opening, ended.promise]);
      const onAbort = () => client[Symbol.dispose]();
      signal?.addEventListener("abort", onAbort, { once: true });
      return new AlephClient(client, () => signal?.removeEventListener("abort", onAbort));
    } catch (thrown) {
      // When the time was up first: neither a silent server nor one that answers now is waited for.
      opening.then((client) => client[Symbol.dispose]()).catch(() => "told by what is thrown here");
      first?.then((transport) => transport.close()).catch(() => "never opened");
      throw explain(thrown, url, { signal, late });
    }
  }

  /** What the server said when it let this client in: who it is, what it may do, what there is. */
  get hello(): ConnectResult {
    return this.#client.hello;
  }

  /** Rejects with `AlephError`. A call that was under way when the connection was lost is `cancelled`, not made again. */
  call<M extends MethodName>(
    method: M,
    ...[params, options]: Record<never, never> extends Params<M>
      ? [params?: Params<M>, options?: CallOptions]
      : [params: Params<M>, options?: CallOptions]
  ): Promise<Result<M>> {
    return this.#client.call(method, (params ?? {}) as Params<M>, options);
  }

  /** Events of one topic, in order, each once, also over reconnects; until disposed. */
  on<T extends Topic>(
    topic: T,
    handle: (event: EventFrame<T>) => void,
    options?: SubscribeOptions,
  ): Promise<Disposable> {
    return this.subscribe(topic, (event) => isTopic(event, topic) && handle(event), options);
  }

  /** Events whose topic matches: `agent.*`, or `**` for all. `isTopic(event, "agent.completed")` tells which it is. */
  subscribe(pattern: string, handle: (event: EventFrame) => void, options?: SubscribeOptions): Promise<Disposable> {
    return this.#client.subscribe(pattern, handle, options);
  }

  /** Ends the connection and all subscriptions; calls that wait reject with `cancelled`. */
  close(): void {
    this.#release();
    this.#client[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function credentialsOf({ token, device, pairingCode }: AlephClientOptions): Credentials | undefined {
  if (device !== undefined) return { device, ...(pairingCode === undefined ? {} : { pairing_code: pairingCode }) };
  const now = typeof token === "function" ? token() : token;
  return now === undefined ? undefined : { token: now };
}

function explain(
  thrown: unknown,
  url: string,
  { signal, late }: { readonly signal: AbortSignal | undefined; readonly late: AbortSignal },
): AlephError {
  if (signal?.aborted) return new AlephError("cancelled", "The connection was cancelled", { cause: thrown });
  if (late.aborted)
    return new AlephError("timeout", `The server at ${originOf(url)} does not answer`, { cause: thrown });
  if (thrown instanceof AlephError && thrown.reason !== "cancelled") return thrown;
  return new AlephError("not_found", `No server answers at ${originOf(url)}`, {
    cause: thrown,
    data: { hint: "Start it with: aleph serve" },
  });
}
