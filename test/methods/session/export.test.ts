import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.export gives a whole session as Markdown or as JSON lines", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("Hello!");
  await call("session.send", { message: "Hi", session_key: MAIN });
  const markdown = await call("session.export", { session_key: MAIN });
  expect(markdown).toEqual({
    session_key: MAIN,
    format: "markdown",
    content: expect.stringMatching(/^# Hi\n\n## user · .+\n\nHi\n\n## assistant \(fake\/m\) · .+\n\nHello!\n$/),
  });
  const lines = await call("session.export", { session_key: MAIN, format: "jsonl" });
  const { messages } = await call("session.history", { session_key: MAIN });
  expect(
    lines.content
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(messages);
});

test("session.export refuses a session and a format that there are not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("session.export", { session_key: "agent:main:chat:none" }))).toEqual({
    reason: "not_found",
    message: 'No session "agent:main:chat:none"',
    data: { hint: "session.list shows those that exist", reason: "not_found" },
  });
  expect(
    await refusal(() => t.client.call("session.export", { session_key: MAIN, format: "pdf" as never })),
  ).toMatchObject({
    reason: "invalid_params",
  });
});
