import { expect, test } from "bun:test";
import { conversation, MAIN } from "../../support/conversation.ts";

test("usage.summary tells what runs took and how far the budgets are used up", async () => {
  await using t = await conversation({ config: { limits: { budget: { day: { tokens: 1000, cost_usd: 2 } } } } });
  t.fake.reply([{ tool_call: { name: "time", args: {} } }], "done", "more");
  const { run_id } = await t.client.call("session.send", { message: "a" });
  await t.client.call("session.send", { message: "b", session_key: "agent:main:chat:b" });
  const sums = { input: 20, output: 10, cache_read: 0, cache_write: 0, cost_usd: null, unpriced: 2 };
  const byRun = await t.client.call("usage.summary", { by: "run", session_key: MAIN });
  expect(byRun).toEqual({
    by: "run",
    rows: [{ key: run_id, last_at: expect.any(Number), replies: 2, ...sums, ms: expect.any(Number) }],
    total: { replies: 2, ...sums, ms: expect.any(Number) },
    budgets: [
      { budget: "day", unit: "tokens", limit: 1000, used: 45, resets_at: expect.any(Number) },
      { budget: "day", unit: "cost_usd", limit: 2, used: 0, resets_at: expect.any(Number) },
    ],
  });
  const { resets_at } = byRun.budgets[0]!;
  expect(resets_at).toBeGreaterThan(Date.now());
  expect(resets_at % 86_400_000).toBe(0);
  const { rows } = await t.client.call("usage.summary", { by: "key" });
  expect(rows).toMatchObject([{ key: expect.stringMatching(/^owner-[0-9a-f]{32}$/), replies: 3 }]);
});

test("usage.summary refuses what is no session key and what is no sum", async () => {
  await using t = await conversation();
  const refused = (params: object) =>
    t.client.call("usage.summary", params as never).catch(({ reason }: { reason: string }) => reason);
  expect(await refused({ session_key: "nobody" })).toBe("invalid_params");
  expect(await refused({ by: "colour" })).toBe("invalid_params");
});
