/** The layers that every request passes, outermost first. */
import type { AnyMethod, Call } from "../sdk/method.ts";

export interface Exchange {
  /** As the caller wrote it. */
  readonly name: string;
  /** Absent when there is no such method. */
  readonly method: AnyMethod | undefined;
  /** As they came; behind the validation as the schema gives them. */
  params: unknown;
  readonly call: Call;
}

/** Gives the result or a promise of it; throws or rejects. What can be done at once costs no turn of the event loop. */
export type Next = (exchange: Exchange) => unknown;
export type Middleware = (exchange: Exchange, next: Next) => unknown;

export function compose(middleware: readonly Middleware[], last: Next): Next {
  return middleware.reduceRight<Next>((next, layer) => (exchange) => layer(exchange, next), last);
}

/** Goes on to the next layer and calls `done` when that has ended; `failure` holds what it threw. */
export function observe(
  exchange: Exchange,
  next: Next,
  done: (failure?: { readonly thrown: unknown }) => void,
): unknown {
  let result: unknown;
  try {
    result = next(exchange);
  } catch (thrown) {
    done({ thrown });
    throw thrown;
  }
  if (!(result instanceof Promise)) {
    done();
    return result;
  }
  return result.then(
    (value: unknown) => {
      done();
      return value;
    },
    (thrown: unknown) => {
      done({ thrown });
      throw thrown;
    },
  );
}
