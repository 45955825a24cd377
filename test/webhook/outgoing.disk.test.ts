/** Events that go out while the disk takes nothing. */
import { expect, test } from "bun:test";
import type { Published, Subscriber } from "../../src/sdk/bus.ts";
import { openStore } from "../../src/store/store.ts";
import { Outgoing } from "../../src/webhook/outgoing.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

test("an event goes out after the disk has room again, though no other event comes", async () => {
  const { log } = testLog();
  await using store = openStore(":memory:", { log });
  let tell: Subscriber["deliver"] | undefined;
  let goOn = Promise.withResolvers<void>();
  const deliveries: string[] = [];
  const hook = { url: "https://ci.example.com/", events: ["session.created"] };
  await using _outgoing = new Outgoing({
    hooks: () => ({ ci: hook }),
    resolveSecret: async (value) => value,
    door: async () => ({
      async fetch({ headers }) {
        deliveries.push(new Headers([...headers] as [string, string][]).get("aleph-delivery")!);
        // It fills up while the place takes the first.
        if (deliveries.length === 1) store.db.run("PRAGMA query_only = ON");
        return new Response();
      },
      connect: () => Promise.reject(new Error("no sockets")),
    }),
    store,
    bus: {
      attach({ deliver }) {
        tell = deliver;
        return { [Symbol.dispose]: () => undefined };
      },
    },
    wait: (_ms, signal) => {
      signal.addEventListener("abort", () => goOn.resolve(), { once: true });
      return goOn.promise;
    },
    log,
    now: () => 1000,
  });
  for (const name of ["a", "b"]) {
    const data = { session_key: `agent:main:chat:${name}`, kind: "owner" as const };
    tell?.({ event: { topic: "session.created", seq: 1, ts: 1, data }, sessionKey: undefined } as Published);
  }
  await until(() => deliveries.length === 1);
  store.db.run("PRAGMA query_only = OFF");
  goOn.resolve();
  goOn = Promise.withResolvers();
  await until(() => store.db.query("SELECT 1 FROM webhook_outbox").get() === null);
  // What was not noted as taken comes a second time under the same name.
  const [first, second, third] = deliveries;
  expect([deliveries.length, second === first, third !== first]).toEqual([3, true, true]);
});
