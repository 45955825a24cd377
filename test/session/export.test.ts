import { expect, test } from "bun:test";
import { conversation, MAIN } from "../support/conversation.ts";

test("session.export writes all messages as Markdown with fences that hold any content", async () => {
  await using t = await conversation();
  t.fake.reply([{ tool_call: { id: "c1", name: "write", args: { path: "a.md", content: "```js\n1\n```" } } }], "Done.");
  await t.client.call("session.send", { message: "Write code" });
  const { content } = await t.client.call("session.export", { session_key: MAIN });
  expect(content).toStartWith("# Write code\n\n## user · ");
  expect(content).toContain("## assistant (fake/m) · ");
  expect(content).toContain('`write`\n\n````json\n{\n  "path": "a.md"');
  expect(content).toEndWith("Done.\n");
});

test("session.export writes one JSON object a line, oldest first", async () => {
  await using t = await conversation();
  t.fake.answer(({ body }) => `answer ${body.messages.length}`);
  for (let index = 0; index < 3; index++) await t.client.call("session.send", { message: `question ${index}` });
  const { content } = await t.client.call("session.export", { session_key: MAIN, format: "jsonl" });
  const lines = content
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user", "assistant"]);
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(lines).toEqual(messages);
});
