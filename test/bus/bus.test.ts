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
