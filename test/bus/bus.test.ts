import { expect, test } from "bun:test";
import { join } from "node:path";
import { openBus } from "../../src/bus/bus.ts";
import type { Published } from "../../src/sdk/bus.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

const SESSION = "agent:main:main";
const seqs = (published: readonly Published[]) => published.map(({ event }) => event.seq);

async function openHere(path: string) {
  const { log, entries } = testLog();
  const store = openStore(join(path, "aleph.db"), { log });
  const bus = openBus({ store, log, now: () => 1000 });
  await bus.start();
  return { store, bus, entries };
}

function publishChunk(bus: { publish: ReturnType<typeof openBus>["publish"] }, index: number, sessionKey = SESSION) {
  return bus.publish(
    "stream.chunk",
    { run_id: "run_1", session_key: sessionKey, content: `c${index}`, index },
    { sessionKey },
  );
}

test("bus delivers each event to who is attached, in order, with one frame for all", async () => {
  await using folder = await testFolder();
  const { store, bus } = await openHere(folder.path);
  const got: Published[] = [];
  const attached = bus.attach({ deliver: (published) => got.push(published) });
  publishChunk(bus, 0);
  publishChunk(bus, 1);
  attached[Symbol.dispose]();
  publishChunk(bus, 2);
  expect(got.map(({ frame }) => JSON.parse(frame))).toEqual([
    {
      jsonrpc: "2.0",
      method: "event",
      params: {
        topic: "stream.chunk",
        seq: 1,
        ts: 1000,
        data: { run_id: "run_1", session_key: SESSION, content: "c0", index: 0 },
      },
    },
    {
      jsonrpc: "2.0",
      method: "event",
      params: {
        topic: "stream.chunk",
        seq: 2,
        ts: 1000,
        data: { run_id: "run_1", session_key: SESSION, content: "c1", index: 1 },
      },
    },
  ]);
  await bus[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test("bus replays across a clean restart with no gap and goes on with the next number", async () => {
  await using folder = await testFolder();
  const first = await openHere(folder.path);
  for (let index = 0; index < 5; index++) publishChunk(first.bus, index);
  await first.bus[Symbol.asyncDispose]();
  await first.store[Symbol.asyncDispose]();

  const second = await openHere(folder.path);
  expect(second.bus.oldestSeq).toBe(1);
  expect(seqs(second.bus.read(2, 10))).toEqual([3, 4, 5]);
  expect(publishChunk(second.bus, 5)).toBe(6);
  expect(seqs(second.bus.read(2, 2))).toEqual([3, 4]);
  expect(seqs(second.bus.read(5, 10))).toEqual([6]);
  await second.bus[Symbol.asyncDispose]();
  await second.store[Symbol.asyncDispose]();
});

test("bus never repeats a number after a crash and says that older events are gone", async () => {
  await using folder = await testFolder();
  const first = await openHere(folder.path);
  const last = publishChunk(first.bus, 0);
  // No dispose of the bus: the process is gone without its last words.
  await first.store[Symbol.asyncDispose]();

  const second = await openHere(folder.path);
  const next = publishChunk(second.bus, 1);
  expect(next).toBeGreaterThan(last);
  expect(second.bus.oldestSeq).toBe(next);
  await second.bus[Symbol.asyncDispose]();
  await second.store[Symbol.asyncDispose]();
});

test("bus replays more than it holds in memory from disk, each event once", async () => {
  await using folder = await testFolder();
  const { store, bus } = await openHere(folder.path);
  for (let index = 0; index < 10_000; index++) publishChunk(bus, index);
  const got: number[] = [];
  for (let page = bus.read(0, 700); page.length > 0; page = bus.read(got.at(-1)!, 700)) got.push(...seqs(page));
  expect(got).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  await bus[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test("bus keeps nothing of an ephemeral session on disk", async () => {
  await using folder = await testFolder();
  const { store, bus } = await openHere(folder.path);
  publishChunk(bus, 0, "agent:main:ephemeral:x");
  publishChunk(bus, 1);
  await bus[Symbol.asyncDispose]();
  expect(store.db.query("SELECT seq, session_key FROM event").all()).toEqual([{ seq: 2, session_key: SESSION }]);
  await store[Symbol.asyncDispose]();
});

test("bus keeps nothing on disk of a session that is deleted before its last events are", async () => {
  await using folder = await testFolder();
  const { store, bus } = await openHere(folder.path);
  const other = "agent:main:chat:other";
  publishChunk(bus, 0);
  publishChunk(bus, 1, other);
  bus.publish("session.deleted", { session_key: SESSION }, { sessionKey: SESSION });
  await bus[Symbol.asyncDispose]();
  const rows = store.db.query<{ topic: string; session_key: string }, []>("SELECT * FROM event ORDER BY seq").all();
  expect(rows.map(({ topic, session_key }) => [topic, session_key])).toEqual([
    ["stream.chunk", other],
    ["session.deleted", SESSION],
  ]);
  await store[Symbol.asyncDispose]();
});

test("bus goes on to the others when a subscriber throws, and the publisher hears nothing of it", async () => {
  await using folder = await testFolder();
  const { store, bus, entries } = await openHere(folder.path);
  const seen: number[] = [];
  bus.attach({
    deliver: () => {
      throw new Error("broken subscriber");
    },
  });
  bus.attach({ deliver: ({ event }) => void seen.push(event.seq) });
  expect([publishChunk(bus, 0), publishChunk(bus, 1)]).toEqual([1, 2]);
  expect(seen).toEqual([1, 2]);
  expect(entries.map(({ message, fields }) => [message, fields.error])).toEqual(
    Array(2).fill(["a subscriber failed", "broken subscriber"]),
  );
  await bus[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test("bus reads large events from disk a few at a time", async () => {
  await using folder = await testFolder();
  const first = await openHere(folder.path);
  for (let index = 0; index < 40; index++) {
    first.bus.publish("session.deleted", { session_key: "x".repeat(100_000) }, { sessionKey: SESSION });
  }
  await first.bus[Symbol.asyncDispose]();
  await first.store[Symbol.asyncDispose]();
  const { store, bus } = await openHere(folder.path);
  const pages: number[] = [];
  let after = 0;
  for (let page = bus.read(after, 200); page.length > 0; page = bus.read(after, 200)) {
    pages.push(page.length);
    after = page.at(-1)!.event.seq;
  }
  expect(after).toBe(40);
  expect(Math.max(...pages)).toBe(3);
  await bus[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test("bus keeps large events on disk, not in memory, and gives them all the same", async () => {
  await using folder = await testFolder();
  const { store, bus } = await openHere(folder.path);
  const content = "x".repeat(200_000);
  for (let index = 0; index < 200; index++) {
    bus.publish("stream.chunk", { run_id: "run_1", session_key: SESSION, content, index }, { sessionKey: SESSION });
  }
  // 40 MB: of these memory holds the newest 16 at most, and disk all.
  expect(bus.read(0, 1)[0]!.event.seq).toBe(1);
  const got: number[] = [];
  for (let page = bus.read(0, 50); page.length > 0; page = bus.read(got.at(-1)!, 50)) got.push(...seqs(page));
  expect(got).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  store.db.run("DELETE FROM event");
  expect(bus.oldestSeq).toBe(1);
  const inMemory = bus.read(199, 1).length + bus.read(170, 100).length;
  expect(inMemory).toBeGreaterThan(20);
  expect(bus.read(0, 200)[0]!.event.seq).toBeGreaterThan(110);
  await bus[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test("bus whose disk is full goes on, repeats what memory has, and says what is gone when memory has lost it too", async () => {
  await using folder = await testFolder();
  const { store, bus, entries } = await openHere(folder.path);
  for (let index = 0; index < 10; index++) publishChunk(bus, index);
  expect(seqs(bus.read(0, 100))).toHaveLength(10);
  // What a full disk looks like from here: nothing can be written.
  store.db.run("PRAGMA query_only = ON");
  for (let index = 10; index < 3000; index++) publishChunk(bus, index);
  expect(entries.map(({ message }) => message)).toContain("events could not be kept for replay");
  expect(bus.oldestSeq).toBe(1);
  expect(seqs(bus.read(0, 5000))).toHaveLength(3000);
  for (let index = 3000; index < 12_000; index++) publishChunk(bus, index);
  const { oldestSeq } = bus;
  expect(oldestSeq).toBeGreaterThan(3000);
  expect(seqs(bus.read(0, 1))).toEqual([oldestSeq]);
  store.db.run("PRAGMA query_only = OFF");
  publishChunk(bus, 12_000);
  await bus[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  const again = await openHere(folder.path);
  expect(again.bus.oldestSeq).toBeGreaterThan(10);
  expect(again.bus.seq).toBe(12_001);
  await again.bus[Symbol.asyncDispose]();
  await again.store[Symbol.asyncDispose]();
});

test("bus tries again to reserve numbers after it could not, and never gives one twice", async () => {
  await using folder = await testFolder();
  const first = await openHere(folder.path);
  first.store.db.run("PRAGMA query_only = ON");
  for (let index = 0; index < 34_000; index++) publishChunk(first.bus, index);
  await new Promise((resolve) => setImmediate(resolve));
  expect(
    first.entries.filter(({ message }) => message === "event numbers could not be reserved").length,
  ).toBeGreaterThan(0);
  first.store.db.run("PRAGMA query_only = OFF");
  for (let index = 0; index < 3000; index++) publishChunk(first.bus, index);
  await first.store.write(() => undefined);
  for (let index = 0; index < 40_000; index++) publishChunk(first.bus, index);
  const last = first.bus.seq;
  expect(last).toBe(77_000);
  await first.store.write(() => undefined);
  // The process is gone without its last words.
  await first.store[Symbol.asyncDispose]();
  const second = await openHere(folder.path);
  expect(publishChunk(second.bus, 0)).toBeGreaterThan(last);
  await second.bus[Symbol.asyncDispose]();
  await second.store[Symbol.asyncDispose]();
});
