/** What waits for a slow reader: adjacent chunks of one run are merged, and past the limit the connection is closed. */

import { CLOSE } from "../protocol/close.ts";
import { type EventFrame, frameOf } from "../protocol/event-frame.ts";
import type { Published } from "../sdk/bus.ts";

/** Where frames go: a WebSocket, or the other half of a pair in one process. */
export interface Sink {
  /** Takes the frame in any case. False when the system has more than it can pass on: `drain` is called when it has not. */
  send(frame: string): boolean;
  /** Bytes that the system has not passed on yet. */
  buffered(): number;
  close(code: number, reason: string): void;
}

/** Bytes in the socket's own buffer below which we go on; above, frames are kept back, where they can still be merged. */
const LOW_WATER = 64 * 1024;
/** Bytes of answers that may wait. Whoever asks for much at once gets it; who never reads is not waited for. */
const MAX_ANSWERS = 64 * 1024 * 1024;

interface Waiting {
  /** Absent while chunks are being merged. */
  frame: string | undefined;
  /** The event, of chunks the newest; absent for answers. */
  event: EventFrame | undefined;
  /** Contents of merged chunks, the first one's data. */
  chunks: { readonly first: Chunk; readonly contents: string[] } | undefined;
  bytes: number;
}

type Chunk = EventFrame<"stream.chunk" | "stream.thinking">;

export class Outbox {
  readonly #sink: Sink;
  readonly #maxBuffered: () => number;
  #queue: Waiting[] = [];
  #eventBytes = 0;
  #answerBytes = 0;
  #blocked = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #closed = false;

  constructor(sink: Sink, maxBuffered: () => number) {
    this.#sink = sink;
    this.#maxBuffered = maxBuffered;
  }

  /** Whether what is sent now goes out at once. */
  get isReady(): boolean {
    return !this.#blocked && this.#queue.length === 0;
  }

  send(frame: string): void {
    if (this.#closed) return;
    if (this.isReady) this.#pass(frame);
    else this.#enqueue(frame, undefined);
  }

  sendEvent({ event, frame }: Published): void {
    if (this.#closed) return;
    if (this.isReady) this.#pass(frame);
    else if (!this.#merge(event)) this.#enqueue(frame, event);
  }

  /** The socket took what it had: send what waited. */
  drain(): void {
    if (this.#closed || this.#sink.buffered() >= LOW_WATER) return;
    this.#blocked = false;
    let sent = 0;
    while (sent < this.#queue.length && !this.#blocked) {
      const waiting = this.#queue[sent++]!;
      if (waiting.event) this.#eventBytes -= waiting.bytes;
      else this.#answerBytes -= waiting.bytes;
      this.#pass(textOf(waiting));
    }
    this.#queue.splice(0, sent);
    if (this.isReady) this.#release();
  }

  /** Takes back the events that wait, for someone who will send them again in their turn; gives the first one's number. */
  withdrawEvents(): number | undefined {
    const first = this.#queue.find(({ event }) => event);
    this.#queue = this.#queue.filter(({ event }) => !event);
    this.#eventBytes = 0;
    return first?.chunks?.first.seq ?? first?.event?.seq;
  }

  /** Resolves when the reader has caught up so far that more may be sent, or when nothing can be sent any more. */
  ready(): Promise<void> {
    if (this.#closed || this.isReady) return Promise.resolve();
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#release();
  }

  #pass(frame: string): void {
    if (!this.#sink.send(frame)) this.#blocked = true;
  }

  #enqueue(frame: string, event: EventFrame | undefined): void {
    const bytes = Buffer.byteLength(frame);
    this.#queue.push({ frame, event, chunks: undefined, bytes });
    if (event) this.#addEvent(bytes);
    else this.#addAnswer(bytes);
  }

  /** Joins the event to the last one that waits, if both are pieces of one stream: with the number of the later one. */
  #merge(event: EventFrame): boolean {
    const last = this.#queue.at(-1);
    if (!last?.event || !isChunk(last.event) || !isChunk(event)) return false;
    if (last.event.topic !== event.topic || last.event.data.run_id !== event.data.run_id) return false;
    last.chunks ??= { first: last.event, contents: [last.event.data.content] };
    last.chunks.contents.push(event.data.content);
    last.frame = undefined;
    last.event = event;
    const bytes = Buffer.byteLength(event.data.content);
    last.bytes += bytes;
    this.#addEvent(bytes);
    return true;
  }

  // One frame alone may be larger than the limit: it is what comes behind it that is too much.

  #addEvent(bytes: number): void {
    const before = this.#eventBytes;
    this.#eventBytes += bytes;
    if (before > 0 && this.#eventBytes > this.#maxBuffered()) this.#giveUp();
  }

  #addAnswer(bytes: number): void {
    const before = this.#answerBytes;
    this.#answerBytes += bytes;
    if (before > 0 && this.#answerBytes > MAX_ANSWERS) this.#giveUp();
  }

  #giveUp(): void {
    this.close();
    this.#sink.close(CLOSE.slowConsumer, "slow consumer");
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}

/** The frame that goes out. Put together only now: merging must not cost more the longer a reader is away. */
function textOf({ frame, event, chunks }: Waiting): string {
  if (frame !== undefined) return frame;
  const data = { ...chunks!.first.data, content: chunks!.contents.join("") };
  return frameOf({ ...(event as Chunk), data });
}

function isChunk(event: EventFrame): event is Chunk {
  return event.topic === "stream.chunk" || event.topic === "stream.thinking";
}
