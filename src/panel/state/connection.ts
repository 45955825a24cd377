/** The one connection of the panel: opened, watched, opened again; events arrive in order and once, with replay. */
import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type Client,
  type Credentials,
  connect,
  type MethodName,
  type Params,
  type Result,
} from "../../client/client.ts";
import type { Transport } from "../../client/transport.ts";
import type { ConnectResult } from "../../protocol/connect.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";

export type Link =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected"; readonly hello: ConnectResult }
  /** `retryAt` is undefined while a try is under way. */
  | { readonly kind: "lost"; readonly since: number; readonly retryAt: number | undefined }
  | { readonly kind: "refused"; readonly error: AlephError };

export interface Connection extends Disposable {
  readonly link: ReadonlySignal<Link>;
  /** Rejects with `AlephError`: `cancelled` when there is no connection or it is lost before the answer came. */
  readonly call: Call;
  /** Does not wait for the next try. */
  retryNow(): void;
}

export type Call = <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>;

export interface ConnectionOptions {
  readonly open: () => Promise<Transport>;
  readonly loginKey: () => string | undefined;
  /** This browser's own key; it counts before a login where it gives credentials. */
  readonly device?: DeviceEntry;
  readonly onEvent: (event: EventFrame) => void;
  /** `fresh`: events are missing between what was known and now, so everything must be read anew. */
  readonly onConnected: (fresh: boolean) => void;
  readonly now: () => number;
}

export interface DeviceEntry {
  readonly name: string;
  /** As in the Host header. */
  readonly host: string;
  credentials(): Credentials | undefined;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** Ticks that may fail to come before the line counts as dead. */
const MISSED_TICKS = 2.5;

export function openConnection(options: ConnectionOptions): Connection {
  const link = signal<Link>({ kind: "connecting" });
  let client: Client | undefined;
  let lastSeq: number | undefined;
  let instance: string | undefined;
  let failures = 0;
  let heardAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Grows with each try: what an earlier one still has to say is not heard. */
  let attempt = 0;

  async function open(): Promise<void> {
    clearTimeout(timer);
    const mine = ++attempt;
    client?.[Symbol.dispose]();
    client = undefined;
    if (link.peek().kind === "lost") link.value = { kind: "lost", since: lostSince(), retryAt: undefined };
    let fresh = false;
    const own = options.device?.credentials();
    try {
      const opened = await connect({
        open: async () => watched(await options.open()),
        credentials: () => {
          if (own) return own;
          const key = options.loginKey();
          return key === undefined ? undefined : { session_token: key };
        },
        client: { id: own ? options.device!.name : "panel", platform: "web" },
        ...(options.device ? { host: options.device.host } : {}),
        onState: (state) => {
          if (mine !== attempt) return;
          if (state.kind === "disconnected") lost();
          if (state.kind === "refused" && !isPassing(state.error)) link.value = { kind: "refused", error: state.error };
        },
      });
      if (mine !== attempt) return opened[Symbol.dispose]();
      client = opened;
      // Another process, maybe with another database: its numbers are not comparable with those seen before.
      if (opened.hello.server.instance_id !== instance) lastSeq = undefined;
      instance = opened.hello.server.instance_id;
      fresh = lastSeq === undefined;
      const replayed =
        lastSeq === undefined
          ? {}
          : {
              afterSeq: lastSeq,
              onTruncated: () => {
                fresh = true;
              },
            };
      await opened.subscribe("**", received, replayed);
      if (mine !== attempt) return;
      failures = 0;
      link.value = { kind: "connected", hello: opened.hello };
      watch(opened.hello.policy.tick_interval_ms);
      options.onConnected(fresh);
    } catch {
      // A refusal has been told already; all else is tried again.
      if (mine === attempt && link.peek().kind !== "refused") lost();
    }
  }

  function received(event: EventFrame): void {
    lastSeq = event.seq;
    options.onEvent(event);
  }

  function lost(): void {
    clearTimeout(timer);
    attempt++;
    client?.[Symbol.dispose]();
    client = undefined;
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
    const wait = Math.round(longest / 2 + (Math.random() * longest) / 2);
    link.value = { kind: "lost", since: lostSince(), retryAt: options.now() + wait };
    timer = setTimeout(() => void open(), wait);
  }

  function lostSince(): number {
    const current = link.peek();
    return current.kind === "lost" ? current.since : options.now();
  }

  /** A line can die without a word (sleep, a cable): the server's ticks say that it lives. */
  function watch(tickIntervalMs: number): void {
    if (!(tickIntervalMs > 0)) return;
    const limit = tickIntervalMs * MISSED_TICKS;
    const quiet = options.now() - heardAt;
    if (quiet >= limit) lost();
    else timer = setTimeout(() => watch(tickIntervalMs), limit - quiet);
  }

  /** The same transport, with a note of when it was last heard. */
  function watched(transport: Transport): Transport {
    let listener: (frame: string) => void = () => {};
    heardAt = options.now();
    transport.onFrame = (frame) => {
      heardAt = options.now();
      listener(frame);
    };
    return {
      send: (frame) => transport.send(frame),
      close: () => transport.close(),
      closed: transport.closed,
      get onFrame() {
        return listener;
      },
      set onFrame(next) {
        listener = next;
      },
    };
  }

  void open();
  return {
    link,
    call: (method, params) => {
      if (client && link.peek().kind === "connected") return client.call(method, params);
      return Promise.reject(new AlephError("cancelled", "There is no connection to the server"));
    },
    retryNow() {
      const { kind } = link.peek();
      if (kind === "lost" || kind === "refused") void open();
    },
    [Symbol.dispose]() {
      attempt++;
      clearTimeout(timer);
      client?.[Symbol.dispose]();
    },
  };
}

/** Refused for who asks: the page goes to the login, or tries once more with another key, by itself. */
export function leadsToLogin({ reason }: AlephError): boolean {
  return reason === "unauthenticated" || reason === "auth_failed" || reason === "pairing_required";
}

/** Refused for now: too many tries, or a server that is starting or stopping. */
function isPassing(error: AlephError): boolean {
  return error.reason === "rate_limited" || error.reason === "overloaded" || error.reason === "internal";
}
