import { expect, test } from "bun:test";
import { LogGate } from "../../../../src/plugin/runtimes/wasm/log-gate.ts";

test("a log lets a burst of lines through, then some a second, and tells how many it left out", () => {
  let now = 0;
  const gate = new LogGate(() => now);
  const line = new TextEncoder().encode("line");
  const passed = Array.from({ length: 1000 }, () => gate.pass(line)).filter((each) => each !== undefined);
  expect(passed.length).toBe(200);
  now = 20;
  expect(gate.pass(line)).toEqual({ bytes: line, dropped: 800 });
  expect(gate.pass(line)).toBeUndefined();
  expect([gate.takeDropped(), gate.takeDropped()]).toEqual([1, 0]);
});

test("a line of a log is cut", () => {
  expect(new LogGate(() => 0).pass(new Uint8Array(10_000))?.bytes.length).toBe(4096);
});
