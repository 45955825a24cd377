import { expect, jest, test } from "bun:test";
import { openProgress, withProgress } from "../../src/cli/progress.ts";
import { testTerminal } from "../support/output.ts";

test("openProgress says nothing on a pipe", () => {
  jest.useFakeTimers();
  try {
    const terminal = testTerminal();
    using progress = openProgress(terminal, "Reading");
    progress.say("More");
    progress.set(0.5);
    jest.advanceTimersByTime(5000);
    expect(terminal.screen).toBe("");
  } finally {
    jest.useRealTimers();
  }
});

test("openProgress shows one line that fits on a terminal, and takes it away", () => {
  jest.useFakeTimers();
  try {
    const terminal = testTerminal(60);
    const progress = openProgress(terminal, "读".repeat(60));
    jest.advanceTimersByTime(200);
    expect(terminal.screen).toBe("");
    jest.advanceTimersByTime(150);
    progress.say("Fetching");
    progress.set(0.5);
    jest.advanceTimersByTime(100);
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    const lines = terminal.screen.split("\r\x1b[K");
    expect(lines).toEqual(["", `⠋ ${"读".repeat(27)}…`, `⠙ Fetching ${"█".repeat(10)}${"░".repeat(10)}  50 %`, ""]);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(60);
    jest.advanceTimersByTime(5000);
    expect(terminal.screen).toEndWith("50 %\r\x1b[K");
  } finally {
    jest.useRealTimers();
  }
});

test("withProgress gives what the work gives, and takes the line away when it fails", async () => {
  const terminal = testTerminal(80);
  expect(await withProgress(terminal, "Working", async () => 7)).toBe(7);
  const failing = withProgress(terminal, "Working", () => Promise.reject(new RangeError("no")));
  await expect(failing).rejects.toThrow("no");
  expect(terminal.screen).toBe("");
});
