/** Where people write from: the channels with their state, and who was let in. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { WireInterface } from "../../protocol/interface.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export type ShownPeer = Result<"interface.peers.list">["peers"][number];

export interface Channels {
  /** Undefined until it is known. */
  readonly list: ReadonlySignal<readonly WireInterface[] | undefined>;
  /** Undefined also for who may not see them. */
  readonly peers: ReadonlySignal<readonly ShownPeer[] | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  renew(): Promise<void>;
  /** Rejects with the server's reason, as `remove`. */
  act(id: string, act: "start" | "stop"): Promise<void>;
  remove(peer: ShownPeer): Promise<void>;
  handle(event: EventFrame): void;
}

/** `mayLetIn`: whether the caller may see who was let in. */
export function createChannels(call: Call, mayLetIn: () => boolean): Channels {
  const { value, phase, load, renew } = createLoaded(async () => {
    const [{ interfaces }, letIn] = await Promise.all([
      call("interface.list", {}),
      mayLetIn() ? call("interface.peers.list", {}) : undefined,
    ]);
    return { interfaces, peers: letIn?.peers };
  });
  return {
    list: computed(() => value.value?.interfaces),
    peers: computed(() => value.value?.peers),
    phase,
    load,
    renew,
    async act(id, act) {
      // One that cannot be started says why in its state.
      await call(`interface.${act}`, { interface: id }).finally(load);
    },
    async remove({ interface: id, peer }) {
      await call("interface.peers.remove", { interface: id, peer });
      await load();
    },
    handle(event) {
      if (event.topic.startsWith("interface.")) void renew();
    },
  };
}
