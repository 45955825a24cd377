/** What waits for a slow reader: adjacent chunks of one run are merged, and past the limit the connection is closed. */

import { CLOSE } from "../protocol/close.ts";
import { type EventFrame, frameOf } from "../protocol/event-frame.ts";
import type { Published } from "../sdk/bus.ts";

/** Where frames go: a WebSocket, or the other half of a pair in one process. */
export interface Sink {
  send(frame: string): void;
  /** Bytes that the system has not taken yet. */
  buffered(): number;
  close(code: number, reason: string): void;
}

/** Bytes in the socket's own buffer above which we keep frames back, where they can still be merged. */
const HIGH_WATER = 64 * 1024;

interface Waiting {
  frame: string;
  event: EventFrame | undefined;
}

export class Outbox {
  readonly #sink: Sink;
  readonly #maxBuffered: () => number;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #drained: PromiseWithResolvers<void> | undefined;
  #closed = false;

  constructor(sink: Sink, maxBuffered: () => number) {
    this.#sink = sink;
    this.#maxBuffered = maxBuffered;
  }

  send(frame: string): void {
    if (this.#closed) return;
    if (this.#canSend()) this.#sink.send(frame);
    else this.#enqueue({ frame, event: undefined });
  }

  sendEvent({ event, frame }: Published): void {
    if (this.#closed) return;
    if (this.#canSend()) {
      this.#sink.send(frame);
      return;
    }
    const last = this.#queue.at(-1);
    const merged = last?.event ? mergeChunks(last.event, event) : undefined;
    if (!last || !merged) {
      this.#enqueue({ frame, event });
      return;
    }
    this.#queuedBytes -= last.frame.length;
    last.event = merged;
    last.frame = frameOf(merged);
    this.#grow(last.frame.length);
  }

  /** The socket took what it had: send what waited. */
  drain(): void {
    let sent = 0;
    while (sent < this.#queue.length && this.#sink.buffered() < HIGH_WATER) {
      const { frame } = this.#queue[sent++]!;
      this.#queuedBytes -= frame.length;
      this.#sink.send(frame);
    }
    this.#queue.splice(0, sent);
    if (this.#canSend()) this.#release();
  }

  /** Resolves when the reader has caught up so far that more may be sent. */
  ready(): Promise<void> {
    if (this.#closed || this.#canSend()) return Promise.resolve();
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#release();
  }

  #canSend(): boolean {
    return this.#queue.length === 0 && this.#sink.buffered() < HIGH_WATER;
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#grow(waiting.frame.length);
  }

  #grow(bytes: number): void {
    this.#queuedBytes += bytes;
    // One answer may be larger than the limit; it is the second frame behind a reader that does not read that is too much.
    if (this.#queue.length < 2 || this.#queuedBytes <= this.#maxBuffered()) return;
    this.close();
    this.#sink.close(CLOSE.slowConsumer, "slow consumer");
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}

/** Both as one event with the number of the later one, if they are pieces of the same stream. */
function mergeChunks(first: EventFrame, second: EventFrame): EventFrame | undefined {
  if (!isChunk(first) || !isChunk(second) || first.topic !== second.topic) return undefined;
  if (first.data.run_id !== second.data.run_id) return undefined;
  return { ...second, data: { ...first.data, content: first.data.content + second.data.content } };
}

function isChunk(event: EventFrame): event is EventFrame<"stream.chunk" | "stream.thinking"> {
  return event.topic === "stream.chunk" || event.topic === "stream.thinking";
}
