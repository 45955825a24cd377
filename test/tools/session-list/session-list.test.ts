import { expect, test } from "bun:test";
import { conversation } from "../../support/conversation.ts";

test("session_list shows the conversations with key, time and title", async () => {
  await using t = await conversation();
  t.fake.reply("hello");
  await t.client.call("session.send", { message: "Hi there" });
  const { result } = await t.client.call("tool.call", { tool: "session_list", args: {} });
  expect(result).toMatch(/^agent:main:main\t\d{4}-\d\d-\d\d \d\d:\d\d\tHi there$/);
  const none = await t.client.call("tool.call", { tool: "session_list", args: { filter: "zzz" } });
  expect(none.result).toBe("There is no such conversation");
});
