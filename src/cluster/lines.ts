/** The connections of nodes that are there now: one each, looked after by heartbeats. */
import { describeError, type Log } from "../lib/log.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { CLOSE } from "../protocol/close.ts";
import { AlephError } from "../protocol/errors.ts";
import type { NodeHello } from "../protocol/node.ts";
import type { Connection } from "../sdk/connection.ts";

export interface Line {
  readonly nodeId: string;
  readonly hello: NodeHello;
  readonly connection: Connection;
  /** Unix milliseconds. */
  readonly since: number;
}

export interface LinesOptions {
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly heartbeatMs: () => number;
  readonly onJoined: (line: Line) => void;
  readonly onCut: (line: Line, why: string) => void;
}

interface Held {
  readonly line: Line;
  /** Heartbeats since it was heard: counted, for the config may set another time between them. */
  missed: number;
  isAsked: boolean;
}

/** Heartbeats that a node may miss. */
const MISSED = 3;

export class Lines implements Disposable {
  readonly #o: LinesOptions;
  readonly #lines = new Map<string, Held>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: LinesOptions) {
    this.#o = options;
  }

  get(nodeId: string): Line | undefined {
    return this.#lines.get(nodeId)?.line;
  }

  /** The one over which something came from a node. */
  of(connection: Connection): Line | undefined {
    for (const { line } of this.#lines.values()) if (line.connection === connection) return line;
    return undefined;
  }

  join(nodeId: string, hello: NodeHello, connection: Connection): void {
    const before = this.#lines.get(nodeId);
    if (before) this.#leave(before.line, "It connected anew");
    const line: Line = { nodeId, hello, connection, since: this.#o.now() };
    // The next look may come at once, and is no heartbeat that it has missed.
    this.#lines.set(nodeId, { line, missed: -1, isAsked: false });
    const gone = () => this.#cut(line, "The connection ended");
    connection.ended.addEventListener("abort", gone, { once: true });
    this.#beat();
    this.#o.onJoined(line);
    for (const wake of this.#waiting.get(nodeId) ?? []) wake();
    if (connection.ended.aborted) gone();
  }

  /** Ends a node's connection, and does not wait for the other side to agree. */
  end(nodeId: string, why: string): void {
    const held = this.#lines.get(nodeId);
    if (held) this.#leave(held.line, why);
  }

  async waitFor(nodeId: string, ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#lines.has(nodeId)) return true;
    const joined = Promise.withResolvers<boolean>();
    const waiting = this.#waiting.get(nodeId) ?? new Set();
    this.#waiting.set(nodeId, waiting);
    const wake = () => joined.resolve(true);
    waiting.add(wake);
    const timer = setTimeout(() => joined.resolve(false), ms);
    try {
      return await unlessAborted(joined.promise, signal);
    } finally {
      clearTimeout(timer);
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(nodeId);
    }
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#lines.clear();
  }

  #leave(line: Line, why: string): void {
    this.#cut(line, why);
    line.connection.close(CLOSE.serviceRestart, "replaced or not answering");
  }

  #cut(line: Line, why: string): void {
    if (this.#lines.get(line.nodeId)?.line !== line) return;
    this.#lines.delete(line.nodeId);
    if (!this.#ended) this.#o.onCut(line, why);
  }

  #beat(): void {
    if (this.#timer || this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
      if (this.#lines.size > 0) this.#beat();
    }, this.#o.heartbeatMs());
    this.#timer.unref();
  }

  #look(): void {
    for (const held of [...this.#lines.values()]) {
      if (++held.missed >= MISSED) {
        this.#leave(held.line, "It does not answer any more");
      } else if (!held.isAsked) {
        held.isAsked = true;
        void this.#ask(held);
      }
    }
  }

  async #ask(held: Held): Promise<void> {
    try {
      await held.line.connection.request("node.ping", {});
      held.missed = 0;
    } catch (thrown) {
      // An answer that is an error is an answer; when the line is gone that is told elsewhere.
      if (!(thrown instanceof AlephError)) this.#o.log.error("heartbeat failed", describeError(thrown));
      else if (thrown.reason !== "cancelled") held.missed = 0;
    } finally {
      held.isAsked = false;
    }
  }
}
