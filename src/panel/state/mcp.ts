/** The MCP servers: read when their page is opened, and again whenever the state of one changes. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import { isTopic } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export type ShownServer = Result<"mcp.list">["servers"][number];

/** What the owner may do with one. */
export type ServerAct = "start" | "stop" | "approve" | "logout";

export interface Mcp {
  /** Undefined until it is known. */
  readonly list: ReadonlySignal<readonly ShownServer[] | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** How many are held until somebody looks, as far as is known. */
  readonly waiting: ReadonlySignal<number>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** As `load`, where it was loaded before. */
  renew(): Promise<void>;
  /** Rejects with the server's reason. What is approved is what is shown. */
  act(server: ShownServer, act: ServerAct): Promise<void>;
  /** Where the person agrees. */
  logIn(name: string): Promise<string>;
  /** With the address at which the browser ended, where it could not reach the server's machine. */
  finishLogIn(name: string, address: string): Promise<void>;
  handle(event: EventFrame): void;
}

export function createMcp(call: Call): Mcp {
  const { value, phase, load, renew } = createLoaded(async () => (await call("mcp.list", {})).servers);
  return {
    list: value,
    phase,
    waiting: computed(() => value.value?.filter(({ pending }) => pending !== null).length ?? 0),
    load,
    renew,
    async act({ name, pending }, act) {
      try {
        if (act === "approve") await call("mcp.approve", { name, ...(pending ? { sha256: pending.sha256 } : {}) });
        else await call(`mcp.${act}`, { name });
      } finally {
        // Also what failed leaves it in another state, with its reason.
        await load();
      }
    },
    async logIn(name) {
      const { authorization_url } = await call("mcp.login", { name });
      return authorization_url ?? "";
    },
    async finishLogIn(name, callback) {
      await call("mcp.login", { name, callback });
      await load();
    },
    handle(event) {
      if (!isTopic(event, "mcp.status")) return;
      if (event.data.status === "held") void load();
      else void renew();
    },
  };
}
