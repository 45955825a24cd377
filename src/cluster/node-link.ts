/** A node's way to its center: dials out, proves who it is, says what it can do, answers what it is asked; again after a cut. */
import { openWebSocket, type Transport } from "../client/transport.ts";
import type { Log } from "../lib/log.ts";
import { pause } from "../lib/pause.ts";
import type { SigningKey } from "../lib/signing-key.ts";
import { CLOSE } from "../protocol/close.ts";
import { deviceStatement } from "../protocol/device-statement.ts";
import { AlephError, fromRpcError, isReason } from "../protocol/errors.ts";
import { failure, success } from "../protocol/jsonrpc.ts";
import type { NodeHello } from "../protocol/node.ts";

export interface NodeLinkOptions {
  /** `ws://…/ws` */
  readonly url: string;
  /** The only certificate that the center may show, in PEM; without one, what the system trusts. */
  readonly certificate?: string | undefined;
  readonly key: SigningKey;
  /** Asked at each connect. */
  readonly hello: () => NodeHello;
  /** What the center asks; throws what it is told. `most` is how many bytes a frame to the center may have. */
  readonly answer: (method: string, params: Readonly<Record<string, unknown>>, most: number) => Promise<unknown>;
  readonly onState: (state: NodeLinkState) => void;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export type NodeLinkState =
  | { readonly kind: "waiting"; readonly code: string; readonly expiresAt: number }
  | { readonly kind: "connected"; readonly nodeId: string }
  | { readonly kind: "disconnected"; readonly why: string; readonly retryInMs: number };

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** Between two looks whether somebody has let the node in. */
const PAIRING_LOOK_MS = 1_000;
const HANDSHAKE_MS = 10_000;
/** Heartbeats without which a center counts as gone. */
const MISSED = 3;

export class NodeLink {
  readonly #o: NodeLinkOptions;
  #line: Line | undefined;
  #wasAttached = false;
  #failures = 0;

  constructor(options: NodeLinkOptions) {
    this.#o = options;
  }

  /** What need not arrive, and does not while there is no connection. */
  notify(method: string, params: object): void {
    this.#line?.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** Until `signal` aborts. Rejects with `forbidden` when the center lets the node in no more. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let why: string;
      let wait: number | undefined;
      try {
        why = await this.#session(signal);
      } catch (thrown) {
        const error = thrown instanceof AlephError ? thrown : undefined;
        if (error?.reason === "pairing_required" && !this.#wasAttached) {
          this.#o.onState({
            kind: "waiting",
            code: String(error.data.code ?? ""),
            expiresAt: Number(error.data.expires_at ?? 0),
          });
          this.#failures = 0;
          await pause(PAIRING_LOOK_MS, signal);
          continue;
        }
        if (error?.reason === "pairing_required" || error?.reason === "forbidden") throw revoked();
        why = thrown instanceof Error ? thrown.message : String(thrown);
        wait = typeof error?.data.retry_after_ms === "number" ? error.data.retry_after_ms : undefined;
      }
      if (signal.aborted) return;
      const retryInMs = Math.max(wait ?? 0, this.#backOff());
      this.#o.onState({ kind: "disconnected", why, retryInMs });
      await pause(retryInMs, signal);
    }
  }

  /** One connection from its begin to its end; says why it ended. */
  async #session(signal: AbortSignal): Promise<string> {
    const opening = AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_MS)]);
    const { url, certificate } = this.#o;
    const transport = await openWebSocket(url, { signal: opening, ...(certificate ? { certificate } : {}) });
    const line = new Line(transport, this.#o);
    const stop = () => line.leave("The node stops");
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      const heartbeatMs = await line.enter();
      this.#line = line;
      this.#wasAttached = true;
      this.#failures = 0;
      this.#o.onState({ kind: "connected", nodeId: this.#o.key.id });
      line.watch(heartbeatMs * MISSED);
      const { code, reason } = await line.ended;
      if (code === CLOSE.unauthenticated) throw revoked();
      return reason || `The connection was closed (${code})`;
    } finally {
      this.#line = undefined;
      signal.removeEventListener("abort", stop);
      line.leave("Over");
    }
  }

  /** Full jitter: many nodes that lost one center do not come back at one moment. */
  #backOff(): number {
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    return Math.round(longest / 4 + this.#o.random() * longest * 0.75);
  }
}

interface End {
  readonly code: number;
  readonly reason: string;
}

/** One connection. What comes after its end is not looked at. */
class Line {
  readonly #o: NodeLinkOptions;
  readonly #transport: Transport;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #challenged = Promise.withResolvers<string>();
  readonly #end = Promise.withResolvers<End>();
  #isOver = false;
  #asked = 0;
  #heardAt = performance.now();
  /** Bytes of a frame that the center takes: a larger one would end the line, and every line on which it is asked for again. */
  #most = Number.POSITIVE_INFINITY;
  #watch: Timer | undefined;

  constructor(transport: Transport, options: NodeLinkOptions) {
    this.#o = options;
    this.#transport = transport;
    // `enter` waits for it and is told; a line that ends before it is entered has nobody to tell.
    this.#challenged.promise.catch(() => undefined);
    void transport.closed.then((end) => this.#over(end));
    transport.onFrame = (frame) => this.#receive(frame);
  }

  get ended(): Promise<End> {
    return this.#end.promise;
  }

  send(frame: string): void {
    if (this.#isOver) return;
    try {
      this.#transport.send(frame);
    } catch {
      // It closed between two events: `closed` tells.
    }
  }

  /** Does not wait until the other side agrees: over a dead line it never would. */
  leave(reason: string): void {
    this.#over({ code: 1000, reason });
    this.#transport.close();
  }

  /** Shakes hands; gives the heartbeat that the center keeps. */
  async enter(): Promise<number> {
    const late = setTimeout(() => this.leave("The center does not answer"), HANDSHAKE_MS);
    try {
      const nonce = await this.#challenged.promise;
      const hello = this.#o.hello();
      const claim = { clientId: hello.name, role: "node", scopes: [], host: new URL(this.#o.url).host };
      const { key } = this.#o;
      const proof = { id: key.id, public_key: key.publicKey, nonce, signed_at: this.#o.now() };
      const signature = await key.sign(deviceStatement(proof, claim));
      const { policy } = (await this.#ask("connect", {
        client: { id: hello.name, version: hello.version, platform: hello.platform },
        role: "node",
        scopes: [],
        auth: { device: { ...proof, signature } },
      })) as { policy: { max_payload: number } };
      this.#most = policy.max_payload;
      const { heartbeat_ms } = (await this.#ask("node.attach", hello)) as { heartbeat_ms: number };
      return heartbeat_ms;
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends the line when nothing has come for so long. */
  watch(silenceMs: number): void {
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardAt > silenceMs) this.leave("The center is not heard any more");
    }, silenceMs / 4);
  }

  #ask(method: string, params: object): Promise<unknown> {
    const id = ++this.#asked;
    const waiter = Promise.withResolvers<unknown>();
    if (this.#isOver) waiter.reject(lost("The connection was lost"));
    else this.#pending.set(id, waiter);
    this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return waiter.promise;
  }

  #receive(text: string): void {
    if (this.#isOver) return;
    this.#heardAt = performance.now();
    const frame = JSON.parse(text) as Frame;
    if (frame.method === "event") {
      const { topic, data } = frame.params as { topic: string; data: { nonce: string } };
      if (topic === "connect.challenge") this.#challenged.resolve(data.nonce);
    } else if (frame.method !== undefined) {
      void this.#answer(frame.method, frame);
    } else {
      const waiter = this.#pending.get(Number(frame.id));
      this.#pending.delete(Number(frame.id));
      if (frame.error) waiter?.reject(fromRpcError(frame.error));
      else waiter?.resolve(frame.result);
    }
  }

  async #answer(method: string, { id, params }: Frame): Promise<void> {
    let answer: string;
    try {
      const given = (params ?? {}) as Record<string, unknown>;
      answer = success(id ?? null, await this.#o.answer(method, given, this.#most));
    } catch (thrown) {
      const error = AlephError.from(thrown);
      if (!isReason(error.reason) || error.reason === "internal") {
        this.#o.log.error("the center asked what cannot be answered", { method, error: String(error.cause ?? error) });
      }
      answer = failure(id ?? null, error);
    }
    this.send(answer);
  }

  #over(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#watch);
    const error = lost(end.reason || `The connection was closed (${end.code})`);
    this.#challenged.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#end.resolve(end);
  }
}

interface Frame {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { code: number; message: string; data?: unknown };
}

function lost(message: string): AlephError {
  return new AlephError("cancelled", message);
}

function revoked(): AlephError {
  return new AlephError("forbidden", "The center lets this node in no more", {
    data: { hint: "Start it again to ask to be let in" },
  });
}
