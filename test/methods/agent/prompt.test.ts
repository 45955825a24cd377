import { expect, test } from "bun:test";
import { join } from "node:path";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("agent.prompt shows the parts as the model gets them, each with its size", async () => {
  await using t = await conversation({ config: { agents: { main: { prompt: "Be kind." } } } });
  const call = checked(t.client);
  await Bun.write(join(t.home.workspaces, "main", "SOUL.md"), "Calm.");
  const report = await call("agent.prompt", {});
  expect(report).toMatchObject({ agent: "main", session_key: "agent:main:main" });
  expect(report.parts.map(({ name }) => name)).toEqual(["base", "agent", "notes", "environment"]);
  expect(report.parts.every(({ text, tokens, limit }) => tokens > 0 && text.length <= limit)).toBe(true);
  const sum = [...report.parts, ...report.tools].reduce((all, { tokens }) => all + tokens, 0);
  expect(Math.abs(report.tokens - sum)).toBeLessThan(report.tools.length + report.parts.length);
  t.fake.reply("Hello.");
  await call("session.send", { message: "Hi" });
  const { messages, tools } = t.fake.requests[0]!.body;
  expect(report.parts.map(({ text }) => text).filter((text) => !messages[0].content.includes(text))).toEqual([]);
  expect(report.tools.map(({ name }) => name)).toEqual(
    tools.map((tool: { function: { name: string } }) => tool.function.name),
  );
});

test("agent.prompt leaves out what exceeds a part, and says so", async () => {
  await using t = await conversation({ config: { agents: { main: { prompt: "x".repeat(140_000) } } } });
  const { parts } = await checked(t.client)("agent.prompt", {});
  const { text, limit } = parts.find(({ name }) => name === "agent")!;
  expect(text).toBe(`${"x".repeat(limit)}\n[The rest is left out]`);
});

test("agent.prompt knows no agent that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("agent.prompt", { agent: "nobody" }))).toMatchObject({
    reason: "not_found",
    message: 'No agent "nobody"',
  });
});
