/** Which database a session lives in: the one on disk, or for ephemeral sessions one in memory. */
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";

export interface Stores {
  readonly durable: Store;
  /** The database of this session. Throws `invalid_params` for what is not a session key. */
  of(sessionKey: string): Store;
  /** Both, the durable one first; the other only once something ephemeral was made. */
  all(): readonly Store[];
}

/** `openEphemeral` is called at the first ephemeral session. */
export function createStores(durable: Store, openEphemeral: () => Store): Stores {
  let ephemeral: Store | undefined;
  return {
    durable,
    of(sessionKey) {
      if (!isEphemeral(parseSessionKey(sessionKey))) return durable;
      ephemeral ??= openEphemeral();
      return ephemeral;
    },
    all: () => (ephemeral ? [durable, ephemeral] : [durable]),
  };
}
