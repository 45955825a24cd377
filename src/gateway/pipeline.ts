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

/** Told when an exchange has ended; `failure` holds what was thrown. */
export type Observer = (exchange: Exchange, began: number, failure?: { readonly thrown: unknown }) => void;

/** Goes on to the next layer and tells `done` when that has ended. `began` is handed on, so that `done` needs no state. */
export function observe(exchange: Exchange, next: Next, began: number, done: Observer): unknown {
  let result: unknown;
  try {
    result = next(exchange);
  } catch (thrown) {
    done(exchange, began, { thrown });
    throw thrown;
  }
  if (result instanceof Promise) return observeLater(exchange, result, began, done);
  done(exchange, began);
  return result;
}

async function observeLater(
  exchange: Exchange,
  result: Promise<unknown>,
  began: number,
  done: Observer,
): Promise<unknown> {
  let value: unknown;
  try {
    value = await result;
  } catch (thrown) {
    done(exchange, began, { thrown });
    throw thrown;
  }
  done(exchange, began);
  return value;
}
