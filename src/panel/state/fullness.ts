/** How full the context of a conversation is and what it may do, as the server says: asked for while it is looked at. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Call } from "./connection.ts";

export type Context = Result<"session.context">;

export interface Fullness {
  /** Undefined until it is known. */
  readonly context: ReadonlySignal<Context | undefined>;
  /** Grows when what is known is old. */
  readonly turn: ReadonlySignal<number>;
  stale(): void;
  /** Never rejects: without an answer nothing is shown. */
  ask(): Promise<void>;
}

export function createFullness({ key, call }: { readonly key: string; readonly call: Call }): Fullness {
  const context = signal<Context | undefined>(undefined);
  const turn = signal(0);
  return {
    context,
    turn,
    stale() {
      turn.value++;
    },
    async ask() {
      const asked = turn.peek();
      const answer = await call("session.context", { session_key: key }).catch(() => undefined);
      if (asked === turn.peek()) context.value = answer;
    },
  };
}
