/** A way to the network for what the owner's own config names: what goes elsewhere is refused and logged. */
import type { Log } from "../lib/log.ts";
import { lookupAll } from "../lib/lookup-all.ts";
import type { NetworkDoor } from "../sdk/runtime.ts";

export interface OpenDoorOptions {
  /** Such as `connect:https://example.com`. */
  readonly rules: readonly string[];
  readonly fetch: typeof fetch;
  readonly log: Log;
  /** What the log says of a request that goes elsewhere. */
  readonly denied: string;
}

/** Throws `plugin_error` for a rule that is none. */
export async function openDoor({ rules, fetch, log, denied }: OpenDoorOptions): Promise<NetworkDoor> {
  const { createNetworkDoor } = await import("./broker.ts");
  return createNetworkDoor({ rules, fetch, onDenied: (target) => log.warn(denied, { target }), lookup: lookupAll });
}
