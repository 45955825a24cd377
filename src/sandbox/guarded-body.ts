/** A body from a stranger: read as fast as it is wanted and no faster, given up when nothing moves. */
import { AlephError } from "../protocol/errors.ts";

export interface GuardOptions {
  readonly idleMs: number;
  readonly host: string;
  readonly signal: AbortSignal;
  /** Called once, when it has ended in whatever way. */
  readonly release: () => void;
}

export function guardBody(
  body: ReadableStream<Uint8Array>,
  { idleMs, host, signal, release }: GuardOptions,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let timer: Timer;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    release();
  };
  let onAbort = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (reason: unknown) => {
          if (ended) return;
          end();
          controller.error(reason);
          // What is left of it is of no interest, nor how that ends.
          reader.cancel(reason).catch(() => "ended");
        };
        onAbort = () => fail(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        const late = () => fail(new AlephError("timeout", `"${host}" sent nothing for ${idleMs / 1000} s`));
        timer = setTimeout(late, idleMs);
      },
      async pull(controller) {
        timer.refresh();
        try {
          const { done, value } = await reader.read();
          if (ended) return;
          if (done) {
            end();
            controller.close();
          } else {
            timer.refresh();
            controller.enqueue(value);
          }
        } catch (cause) {
          if (ended) return;
          end();
          controller.error(new AlephError("not_found", `The answer of "${host}" broke off`, { cause }));
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    // Nothing is read before it is asked for.
    { highWaterMark: 0 },
  );
}
