import { expect, test } from "bun:test";
import type { Subscriber } from "../src/sdk/bus.ts";
import { openStore } from "../src/store/store.ts";
import { giveBackMemory, startTidying } from "../src/system-status.ts";
import { testLog } from "./support/log.ts";
import { until } from "./support/until.ts";

function testBus() {
  const subscribers = new Set<Subscriber>();
  return {
    subscribers,
    bus: {
      attach(subscriber: Subscriber): Disposable {
        subscribers.add(subscriber);
        return { [Symbol.dispose]: () => void subscribers.delete(subscriber) };
      },
    },
    tell(topic: string) {
      for (const { deliver } of subscribers) deliver({ event: { topic, seq: 1, ts: 1, data: {} } } as never);
    },
  };
}

test("startTidying tidies so often after the start, and again after runs have ended, until it is disposed", async () => {
  const { bus, tell, subscribers } = testBus();
  let times = 0;
  const tidying = startTidying(bus, () => times++, [1, 2]);
  await until(() => times === 2);
  tell("stream.chunk");
  tell("agent.started");
  tell("agent.completed");
  tell("agent.error");
  await until(() => times === 4);
  tell("agent.interrupted");
  tidying[Symbol.dispose]();
  expect([times, subscribers.size]).toEqual([4, 0]);
});

test("startTidying waits while runs end one after the other", async () => {
  const { bus, tell } = testBus();
  let times = 0;
  using _ = startTidying(bus, () => times++, [0]);
  for (let run = 0; run < 100; run++) {
    tell("agent.completed");
    await Promise.resolve();
  }
  expect(times).toBe(0);
  await until(() => times === 1);
});

test("giveBackMemory leaves databases as they are", async () => {
  const { log } = testLog();
  await using store = openStore(":memory:", { log });
  store.db.run("CREATE TABLE kept (id INTEGER)");
  giveBackMemory([store, undefined]);
  expect(store.db.query("SELECT count(*) AS count FROM kept").get()).toEqual({ count: 0 });
});
