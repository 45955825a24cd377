import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { conversation, MAIN } from "../../support/conversation.ts";
import { writeSkill } from "../../support/skills.ts";

const load = (name: string) => [{ tool_call: { id: "load", name: "skill", args: { name } } }];
// biome-ignore lint/suspicious/noExplicitAny: the vendor's JSON
const toolResult = (request: { body: any }): string => request.body.messages.at(-1).content;

test("skill gives the text as guidance, puts the files into the workspace and is named in the prompt", async () => {
  await using t = await conversation();
  writeSkill(t.home.skills, "forms", { text: "Fill them in.", files: { "scripts/fill.sh": "echo\n" } });
  t.fake.reply(load("forms"), "Done");
  await t.client.call("session.send", { message: "go" });
  const [first, second] = t.fake.requests;
  const prompt = first!.body.messages[0].content;
  expect(JSON.stringify(prompt)).toContain("- forms: How to do forms");
  const text = toolResult(second!);
  expect(text).toStartWith("[Guidance by somebody else, got by skill, until the mark");
  expect(text).toContain("Its files are in .skills/forms:\n- .skills/forms/scripts/fill.sh\n\nFill them in.");
  expect(readFileSync(join(t.home.workspaces, "main", ".skills/forms/scripts/fill.sh"), "utf8")).toBe("echo\n");
});

test("a message that begins with the name of a skill loads it", async () => {
  await using t = await conversation();
  writeSkill(t.home.skills, "forms", { text: "Fill them in." });
  t.fake.reply("Done");
  await t.client.call("session.send", { message: "/forms the tax one" });
  const { messages } = t.fake.requests[0]!.body;
  expect(messages.slice(-3).map((m: { role: string }) => m.role)).toEqual(["user", "assistant", "tool"]);
  expect(messages.at(-1).content).toContain("Fill them in.");
  const history = await t.client.call("session.history", { session_key: MAIN });
  expect(history.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
});

test("a skill with allowed-tools narrows the tools of the run, never of the next, and adds none", async () => {
  await using t = await conversation();
  writeSkill(t.home.skills, "reader", {
    frontmatter: "name: reader\ndescription: x\nallowed-tools: Read no_such_tool",
  });
  t.fake.reply(
    [...load("reader"), { tool_call: { id: "w", name: "write", args: { path: "x", content: "x" } } }],
    "Done",
    "Next",
  );
  await t.client.call("session.send", { message: "go" });
  await t.client.call("session.send", { message: "again" });
  const names = t.fake.requests.map(({ body }) =>
    body.tools.map((tool: { function: { name: string } }) => tool.function.name),
  );
  expect(names[1]).toEqual(["read", "skill"]);
  expect(names[2]).toEqual(names[0]);
  expect(toolResult(t.fake.requests[1]!)).toContain('Tool "write" is not allowed here');
});

test.each([
  ["waits for its owner", "installed", 'Skill "forms" waits for the person\'s approval'],
  ["is switched off", "off", 'Skill "forms" is switched off'],
  ["is not there", "gone", 'No skill "forms"'],
])("skill refuses one that %s", async (_name, how, message) => {
  await using t = await conversation();
  if (how === "installed") {
    await t.client.call("skills.install", { source: writeSkill(join(t.home.path, "elsewhere"), "forms") });
  }
  if (how === "off") {
    writeSkill(t.home.skills, "forms");
    await t.client.call("skills.deactivate", { name: "forms" });
  }
  t.fake.reply(load("forms"), "Done");
  await t.client.call("session.send", { message: "go" });
  expect(JSON.stringify(t.fake.requests[0]!.body.messages[0])).not.toContain("forms");
  expect(toolResult(t.fake.requests[1]!)).toContain(message);
});
