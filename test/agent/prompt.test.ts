import { expect, test } from "bun:test";
import { join } from "node:path";
import { approvedPlugin } from "../support/approved-plugin.ts";
import { conversation } from "../support/conversation.ts";
import { writePlugin } from "../support/plugins.ts";

type Conversation = Awaited<ReturnType<typeof conversation>>;

/** The system prompt of the newest request. */
function systemOf(t: Conversation): string {
  const { role, content } = t.fake.requests.at(-1)!.body.messages[0];
  expect(role).toBe("system");
  return content;
}

test("the system prompt has the prompts of plugins behind the agent's own files and before what changes", async () => {
  await using t = await conversation({ config: { agents: { main: { prompt_files: ["SOUL.md"] } } } });
  await Bun.write(join(t.home.workspaces, "main", "SOUL.md"), "own-file");
  await approvedPlugin(t, "b", { prompt: "plugin-b" });
  await approvedPlugin(t, "a", { prompt: "plugin-a" });
  t.fake.reply("Hello.");
  await t.client.call("session.send", { message: "Hi" });
  const order = ["You are Aleph", "own-file", "plugin-a", "plugin-b", "Agent: main"];
  const places = order.map((text) => systemOf(t).indexOf(text));
  expect(places).toEqual(places.toSorted((x, y) => x - y));
  expect(places[0]).toBe(0);
});

test("the system prompt has a standalone plugin's prompt only in the run whose message calls it", async () => {
  await using t = await conversation();
  await approvedPlugin(t, "haiku", { scope: "standalone", prompt: "Answer with a haiku." });
  t.fake.reply("One.", "Two.", "Three.");
  const seen: boolean[] = [];
  for (const message of ["Write about tea", "/haiku Write about tea", "And now?"]) {
    await t.client.call("session.send", { message });
    seen.push(systemOf(t).includes("Answer with a haiku."));
  }
  expect(seen).toEqual([false, true, false]);
  expect(t.fake.requests[1]!.body.messages.at(-1).content).toContain("/haiku Write about tea");
});

test("the system prompt is without a plugin that is broken, and the run goes on", async () => {
  await using t = await conversation();
  await writePlugin(t.home.plugins, "bad", { manifest: "[plugin" });
  t.fake.reply("Hello.");
  expect(await t.client.call("session.send", { message: "Hi" })).toMatchObject({ text: "Hello.", status: "completed" });
});

test("the system prompt is without plugins when the config switches extensions off", async () => {
  await using t = await conversation({ config: { extensions: { enabled: false } } });
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  t.fake.reply("Hello.");
  await t.client.call("session.send", { message: "Hi" });
  expect(systemOf(t)).not.toContain("Tabs.");
});
