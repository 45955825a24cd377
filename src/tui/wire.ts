/** The connection as the status line shows it. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { ClientState } from "../client/client.ts";
import type { AlephError } from "../protocol/errors.ts";

export type WireState =
  | { readonly kind: "connected" }
  /** The client tries again by itself. */
  | { readonly kind: "lost" }
  /** For good. */
  | { readonly kind: "refused"; readonly error: AlephError };

export interface Wire {
  readonly state: ReadonlySignal<WireState>;
  /** Goes into the client's options. */
  readonly onState: (state: ClientState) => void;
}

export function createWire(): Wire {
  const state = signal<WireState>({ kind: "connected" });
  return {
    state,
    onState(next) {
      if (next.kind === "refused") state.value = { kind: "refused", error: next.error };
      else if (state.peek().kind !== "refused")
        state.value = { kind: next.kind === "connected" ? "connected" : "lost" };
    },
  };
}
