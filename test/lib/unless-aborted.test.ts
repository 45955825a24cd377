import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { unlessAborted } from "../../src/lib/unless-aborted.ts";

const told = (reason: unknown) => new Error(`stopped: ${reason}`);

test("unlessAborted gives what comes in time, and rejects at once when the signal aborts", async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), signal, told)).toBe(1);
  expect(unlessAborted(Promise.reject(new Error("no")), signal, told)).rejects.toThrow("no");
  const stop = new AbortController();
  const waiting = unlessAborted(new Promise(() => {}), stop.signal, told);
  stop.abort("enough");
  expect(waiting).rejects.toThrow("stopped: enough");
  expect(unlessAborted(Promise.resolve(1), stop.signal, told)).rejects.toThrow("stopped: enough");
});

test("unlessAborted leaves nothing behind at a signal that lives on", async () => {
  const { signal } = new AbortController();
  const waits = [Promise.resolve(1), Promise.reject(new Error("no")), Bun.sleep(1)];
  await Promise.allSettled(waits.map((wait) => unlessAborted<unknown>(wait, signal, told)));
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
