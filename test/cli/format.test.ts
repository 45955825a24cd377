import { expect, test } from "bun:test";
import { formatAgo, formatBytes, formatDuration, formatElapsed } from "../../src/cli/format.ts";

test("formatDuration uses the largest unit that says enough", () => {
  expect([0, 59_000, 60_000, 3_599_000, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(formatDuration)).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "47 h",
    "2 d",
  ]);
});

test("formatElapsed shows tenths below a minute", () => {
  expect([40, 1_234, 61_000].map(formatElapsed)).toEqual(["0.0 s", "1.2 s", "1 min"]);
});

test("formatAgo says just now for less than a minute and for the future", () => {
  expect([formatAgo(0, 59_999), formatAgo(10, 0), formatAgo(0, 300_000)]).toEqual([
    "just now",
    "just now",
    "5 min ago",
  ]);
});

test("formatBytes uses decimal units", () => {
  expect([0, 999, 1_000, 1_530_000, 245_000_000, 7.3e10, 9e15].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.5 MB",
    "245 MB",
    "73.0 GB",
    "9000 TB",
  ]);
});
