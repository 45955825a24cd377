import { expect, test } from "bun:test";
import { conversation } from "../../support/conversation.ts";

test("session_history shows what was said", async () => {
  await using t = await conversation();
  t.fake.reply("hello");
  await t.client.call("session.send", { message: "Hi there" });
  const call = (args: Record<string, unknown>) => t.client.call("tool.call", { tool: "session_history", args });
  expect((await call({})).result).toMatch(/^\[1\] .{16} user:\nHi there\n\n\[2\] .{16} assistant:\nhello$/);
  expect((await call({ limit: 1 })).result).toStartWith('[more stands before; go on with before "2"]\n\n[2]');
  expect((await call({ session_key: "agent:main:chat:none" })).ok).toBe(false);
});
