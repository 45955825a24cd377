/** The layers that every request passes, outermost first. */
import type { AnyMethod, Call } from "../sdk/method.ts";

export interface Exchange {
  /** As the caller wrote it. */
  readonly name: string;
  /** Absent when there is no such method. */
  readonly method: AnyMethod | undefined;
  readonly params: unknown;
  readonly call: Call;
}

export type Next = (exchange: Exchange) => unknown;
export type Middleware = (exchange: Exchange, next: Next) => unknown;

export function compose(middleware: readonly Middleware[], last: Next): Next {
  return middleware.reduceRight<Next>((next, layer) => (exchange) => layer(exchange, next), last);
}
