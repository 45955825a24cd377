/** How far something that comes from the server is: shown as it is, never as an empty pane. */
import { AlephError, type Reason } from "../../protocol/errors.ts";

export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
  readonly hint: string | undefined;
}

export type Phase =
  | { readonly kind: "loading" }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly trouble: Trouble };

export const LOADING: Phase = { kind: "loading" };
export const READY: Phase = { kind: "ready" };

/** What went wrong, in words for a person. */
export function troubleOf(thrown: unknown): Trouble {
  const error = AlephError.from(thrown);
  const { hint } = error.data;
  return { reason: error.reason, message: error.message, hint: typeof hint === "string" ? hint : undefined };
}

export function failed(thrown: unknown): Phase {
  return { kind: "failed", trouble: troubleOf(thrown) };
}

/** The same in one text: what happened, and what to do next where that is known. */
export function sentences(thrown: unknown): string {
  const { message, hint } = troubleOf(thrown);
  return hint === undefined ? `${message}.` : `${message}. ${hint}.`;
}
