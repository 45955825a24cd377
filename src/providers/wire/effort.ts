/** Finds out which way of asking a model accepts: vendors differ by model and change it without notice. */
import { AlephError } from "../../protocol/errors.ts";
import type { StreamPart } from "../../sdk/provider.ts";
import { providerFailureOf } from "../../sdk/provider-error.ts";

export interface Efforts<E> {
  /**
   * The reply to the first way in `ways` that is not refused; by default what counts as refused is a bad request about
   * thinking. The one that worked is remembered under `key`, if it is one to `remember`. The last way's failure is the
   * reply's.
   */
  stream(
    key: string,
    ways: readonly E[],
    send: (way: E) => AsyncIterable<StreamPart>,
    remember?: (way: E) => boolean,
    refused?: (error: AlephError, way: E) => boolean,
  ): AsyncGenerator<StreamPart, void, undefined>;
}

export function createEfforts<E>(): Efforts<E> {
  const known = new Map<string, E>();
  return {
    async *stream(key, ways, send, remember = () => true, refused = isAboutThinking) {
      const best = known.get(key);
      const order = best === undefined ? ways : [best, ...ways.filter((way) => way !== best)];
      for (const [at, way] of order.entries()) {
        let began = false;
        try {
          for await (const part of send(way)) {
            if (!began && remember(way)) known.set(key, way);
            began = true;
            yield part;
          }
          return;
        } catch (thrown) {
          if (began || at + 1 === order.length || !(thrown instanceof AlephError) || !refused(thrown, way))
            throw thrown;
        }
      }
    },
  };
}

export function isAboutThinking(error: AlephError): boolean {
  return (
    providerFailureOf(error) === "bad_request" &&
    /reasoning|thinking|effort|budget/i.test(error.message) &&
    // Thinking gives way to no other wish: whoever has both is told that they do not go together.
    !/tool_choice|temperature|top_p/.test(error.message)
  );
}
