/** The part of the composition root that records runs; nothing is loaded before one is recorded, replayed or forgotten. */
import type { OpenBus } from "./bus/bus.ts";
import type { CassettesOptions } from "./cassette/cassettes.ts";
import { once } from "./lib/once.ts";
import { openStore } from "./store/store.ts";

export interface OpenCassettesOptions extends Omit<CassettesOptions, "openMemory"> {
  readonly bus: OpenBus;
}

export function openCassettes(options: OpenCassettesOptions) {
  const { bus, log } = options;
  const cassettes = once(async () => {
    const { Cassettes } = await import("./cassette/cassettes.ts");
    return new Cassettes({ ...options, openMemory: () => openStore(":memory:", { log }) });
  });
  const attached = bus.attach({
    deliver({ event: { topic }, sessionKey }) {
      if (topic === "session.deleted" && sessionKey) void cassettes().then((made) => made.forget(sessionKey));
    },
  });
  return { cassettes, [Symbol.dispose]: () => attached[Symbol.dispose]() };
}
