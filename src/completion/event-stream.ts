/** A stream of server-sent events to a client: pings while it is silent, and an end for everybody when one side leaves. */
import type { Deadlines } from "../lib/deadlines.ts";
import { AlephError } from "../protocol/errors.ts";
import { DATA_HEADERS } from "../sdk/route.ts";

export interface EventSource {
  /** The next piece; undefined at the end. Throws when the reply broke off. */
  next(): Promise<Uint8Array | string | undefined>;
  /** Called once, however it ends: sent to the end, broken off, or the client hung up. */
  close(how: "sent" | "failed" | "hung_up"): void;
}

export interface EventStreamOptions {
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  /** What the client is told when the reply breaks off. */
  readonly fail: (error: AlephError) => string;
}

const PING_MS = 5_000;
/** A comment, and the end of it: no event. */
const PING = ": ping\n\n";
export const EVENT_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  ...DATA_HEADERS,
};

/**
 * The answer begins with the first piece, so that a failure before it has its own status; after five seconds of silence
 * it begins all the same, with a ping. Throws what `open` throws before.
 */
export function eventStream(open: Promise<OpenedSource>, options: EventStreamOptions): Promise<Response> {
  const answer = (opening: OpenedSource | Promise<OpenedSource>): Response => {
    const headers = "headers" in opening ? opening.headers : EVENT_HEADERS;
    return new Response(bodyOf(opening, options), { headers });
  };
  return new Promise((resolve, reject) => {
    let isLate = false;
    const late = options.deadlines.add(PING_MS, () => {
      isLate = true;
      resolve(answer(open));
    });
    open.then(
      (opened) => {
        late[Symbol.dispose]();
        if (!isLate) resolve(answer(opened));
      },
      (thrown: unknown) => {
        late[Symbol.dispose]();
        reject(thrown);
      },
    );
  });
}

export interface OpenedSource {
  readonly first: Uint8Array | string;
  readonly source: EventSource;
  /** The usual ones when left out. */
  readonly headers?: Headers;
}

function bodyOf(
  opening: OpenedSource | Promise<OpenedSource>,
  { signal, fail, deadlines }: EventStreamOptions,
): ReadableStream {
  let source: EventSource | undefined;
  let isPulled = false;
  const close = (how: "sent" | "failed" | "hung_up") => {
    source?.close(how);
    source = undefined;
  };
  return new ReadableStream({
    type: "direct",
    async pull(controller) {
      isPulled = true;
      let sentAt = performance.now();
      /** Whether the last byte sent ended a line: a comment inside of one would spoil it. */
      let atLine = true;
      let atEvent = true;
      const send = (piece: Uint8Array | string): unknown => {
        sentAt = performance.now();
        const last = piece.length - 1;
        atLine = typeof piece === "string" ? piece.endsWith("\n") : piece[last] === 0x0a;
        atEvent =
          atLine &&
          (typeof piece === "string" ? piece.endsWith("\n\n") : piece[last - 1] === 0x0a || piece[last - 2] === 0x0a);
        const written: unknown = controller.write(piece);
        const flushed: unknown = controller.flush();
        return written instanceof Promise ? written : flushed;
      };
      const ping = () => {
        if (atEvent && performance.now() - sentAt >= PING_MS - 50) send(PING);
        nextPing = deadlines.add(PING_MS, ping);
      };
      let nextPing = deadlines.add(PING_MS, ping);
      try {
        if ("then" in opening) send(PING);
        const { first, source: opened } = await opening;
        source = opened;
        for (let piece: Uint8Array | string | undefined = first; piece !== undefined; piece = await opened.next()) {
          if (signal.aborted) break;
          if (piece.length === 0) continue;
          const waits = send(piece);
          if (waits instanceof Promise) await waits;
        }
        close(signal.aborted ? "hung_up" : "sent");
      } catch (thrown) {
        if (signal.aborted) close("hung_up");
        else {
          close("failed");
          send(`${atEvent ? "" : atLine ? "\n" : "\n\n"}${fail(AlephError.from(thrown))}`);
        }
      } finally {
        nextPing[Symbol.dispose]();
        controller.close();
      }
    },
    cancel() {
      if (isPulled) return close("hung_up");
      // The client had gone before there was an answer: nobody else gets to see what was opened for it.
      Promise.resolve(opening).then(
        (opened) => opened.source.close("hung_up"),
        () => "there is nothing to be closed",
      );
    },
  } as Bun.DirectUnderlyingSource<Uint8Array | string> as unknown as UnderlyingSource);
}
