import { expect, test } from "bun:test";
import { conversation } from "../../support/conversation.ts";

test("session_search shows where a text stands", async () => {
  await using t = await conversation();
  t.fake.reply(`${"x".repeat(900)} needle ${"y".repeat(900)}`);
  await t.client.call("session.send", { message: "Hi there" });
  const call = (query: string) => t.client.call("tool.call", { tool: "session_search", args: { query } });
  const { result } = await call("NEEDLE");
  expect(result).toMatch(/^agent:main:main \[2\] .{16} assistant:\n…x+ needle y+…$/);
  expect(result.length).toBeLessThan(500);
  expect((await call("nowhere")).result).toBe("No message contains it");
});
