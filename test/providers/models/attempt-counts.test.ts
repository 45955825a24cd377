/** Sums of requests to providers. */
import { expect, test } from "bun:test";
import { AttemptCounts } from "../../../src/providers/models/attempt-counts.ts";

test("AttemptCounts sums up by provider, key and outcome", () => {
  const counts = new AttemptCounts();
  const attempt = { provider: "a", model: "m", key: null, outcome: "ok", ms: 3 } as const;
  counts.add(attempt);
  counts.add({ ...attempt, model: null, ms: 4 });
  counts.add({ ...attempt, key: 2 });
  counts.add({ ...attempt, outcome: "timeout" });
  expect(counts.all).toEqual([
    { provider: "a", key: "", outcome: "ok", count: 2, ms: 7 },
    { provider: "a", key: "2", outcome: "ok", count: 1, ms: 3 },
    { provider: "a", key: "", outcome: "timeout", count: 1, ms: 3 },
  ]);
});
