/** The connection of a long conversation: tells the person when it is lost, and gives up when it stays lost. */
import type { ClientState } from "../../client/client.ts";
import type { AlephError } from "../../protocol/errors.ts";
import { unreachable } from "../failure.ts";

export interface Link {
  /** Goes into the client's options. */
  readonly onState: (state: ClientState) => void;
  /** Resolves at once while connected, or when it is again. Throws as `lost`. */
  connected(): Promise<void>;
  /** Rejects when the connection is lost for good; never resolves. */
  readonly lost: Promise<never>;
}

export interface LinkOptions {
  readonly notice: (text: string) => void;
  /** How long to try again. */
  readonly patienceMs?: number;
}

export function createLink({ notice, patienceMs = 60_000 }: LinkOptions): Link {
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {
    // Whoever waits gets it; when nobody does, nobody needs it.
  });
  let back: PromiseWithResolvers<void> | undefined;
  let timer: Timer | undefined;
  return {
    lost: lost.promise,
    connected: () => Promise.race([back?.promise, lost.promise]),
    onState(state) {
      if (state.kind === "refused") {
        lost.reject(state.error);
      } else if (state.kind === "connected") {
        clearTimeout(timer);
        if (back) notice("Connected again");
        back?.resolve();
        back = undefined;
      } else if (state.retryInMs === undefined) {
        lost.reject(goneFor("The connection was closed", state.reason));
      } else if (!back) {
        back = Promise.withResolvers();
        notice("The connection was lost; trying again …");
        timer = setTimeout(() => lost.reject(goneFor("The server did not come back", state.reason)), patienceMs);
      }
    },
  };
}

function goneFor(what: string, reason: string): AlephError {
  const message = reason === "" ? what : `${what}: ${reason}`;
  return unreachable(message, "A run that was under way goes on in the server; see: aleph status");
}
