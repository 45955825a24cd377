/** The agent for editors over the standard streams of a real process, with the client of the protocol's own SDK. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { methods, type RequestPermissionRequest } from "@agentclientprotocol/sdk";
import { openEditor } from "../support/acp.ts";
import { conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { fillSession } from "../support/long-session.ts";
import { until } from "../support/until.ts";

const TIMEOUT = 60_000;
const WRITE = { tool_call: { name: "write", args: { path: "notes.md", content: "# Notes\n" } } };
const EDIT = { tool_call: { name: "edit", args: { path: "notes.md", old_text: "Notes", new_text: "Plan" } } };
const EXEC = { tool_call: { id: "call-1", name: "exec", args: { command: "touch made" } } };
const select = (optionId: string) => ({ outcome: { outcome: "selected" as const, optionId } });

describe("aleph acp", () => {
  test(
    "says what it can, streams thoughts and text, and shows each change as a difference",
    async () => {
      await using folder = await testFolder();
      const agents = { main: { workspace: folder.path, thinking: "low" as const } };
      await using t = await conversation({ config: { agents } });
      t.fake.reply(
        [WRITE, { tool_call: { name: "todo", args: { action: "set", items: [{ text: "Plan", status: "done" }] } } }],
        [EDIT],
        [{ thinking: "Hm. " }, "All ", "done"],
      );
      await using editor = await openEditor({ home: t.home.path });
      expect(editor.hello).toMatchObject({
        protocolVersion: 1,
        agentInfo: { name: "aleph" },
        agentCapabilities: { loadSession: true, promptCapabilities: { image: true, embeddedContext: true } },
      });
      const { sessionId, configOptions } = await editor.create();
      expect(configOptions?.map(({ id }) => id)).toEqual(["model", "thinking"]);
      expect(await editor.prompt(sessionId, "Make a plan")).toEqual({ stopReason: "end_turn" });
      expect([editor.text("agent_thought_chunk"), editor.text("agent_message_chunk")]).toEqual(["Hm. ", "All done"]);
      const path = join(folder.path, "notes.md");
      const calls = editor.of("tool_call");
      expect(calls.map(({ title, kind, content }) => [title, kind, content])).toEqual([
        ["write notes.md", "edit", [{ type: "diff", path, newText: "# Notes\n" }]],
        ["todo", "think", []],
        ["edit notes.md", "edit", [{ type: "diff", path, oldText: "Notes", newText: "Plan" }]],
      ]);
      expect(calls[0]?.locations).toEqual([{ path }]);
      expect(editor.of("tool_call_update").map(({ status }) => status)).toEqual([
        "completed",
        "completed",
        "completed",
      ]);
      expect(editor.of("plan").map(({ entries }) => entries)).toEqual([
        [{ content: "Plan", priority: "medium", status: "completed" }],
      ]);
      expect(await editor.close()).toEqual({ code: 0, stderr: "" });
    },
    TIMEOUT,
  );

  test(
    "the folder of an agent of a file makes the session its own, and paths are whole without a table too",
    async () => {
      await using folder = await testFolder();
      await using t = await conversation();
      mkdirSync(t.home.agents);
      writeFileSync(join(t.home.agents, "shop.md"), `---\nworkspace: ${folder.path}\n---\nYou keep the shop.\n`);
      t.fake.reply([WRITE], "Done");
      await using editor = await openEditor({ home: t.home.path });
      const shop = await editor.create(folder.path);
      expect(shop.sessionId).toStartWith("agent:shop:");
      const main = await editor.create("/");
      await editor.prompt(main.sessionId, "Write");
      expect(editor.of("tool_call")[0]?.content).toMatchObject([
        { type: "diff", path: join(t.home.workspaces, "main/notes.md") },
      ]);
    },
    TIMEOUT,
  );

  test(
    "asks in the editor with the whole plan, and does what is answered there",
    async () => {
      await using t = await conversation();
      t.fake.reply([EXEC], "Made", [EXEC], "Not made");
      const asked: RequestPermissionRequest[] = [];
      const answers = ["once", "deny"];
      await using editor = await openEditor({
        home: t.home.path,
        onPermission: async (request) => {
          asked.push(request);
          return select(answers[asked.length - 1]!);
        },
      });
      const { sessionId } = await editor.create();
      expect(await editor.prompt(sessionId, "Make it")).toEqual({ stopReason: "end_turn" });
      expect(await editor.prompt(sessionId, "And again")).toEqual({ stopReason: "end_turn" });
      expect(asked).toHaveLength(2);
      expect(asked[0]).toMatchObject({ sessionId, toolCall: { kind: "execute", status: "pending" } });
      const shown = JSON.stringify(asked[0]!.toolCall.content);
      const { approvals } = await t.client.call("approvals.list", {});
      for (const key of Object.keys(approvals[0]!.plan as object)) expect(shown).toContain(key);
      expect(shown).toContain("touch made");
      expect(asked[0]!.options.map(({ optionId }) => optionId)).toContain("deny");
      expect(approvals.map(({ decision }) => decision).toSorted()).toEqual(["deny", "once"]);
      expect(editor.of("tool_call_update").map(({ status }) => status)).toContain("failed");
    },
    TIMEOUT,
  );

  test(
    "an answer given elsewhere goes on with the run",
    async () => {
      await using t = await conversation();
      t.fake.reply([EXEC], "Made");
      await using editor = await openEditor({ home: t.home.path });
      const { sessionId } = await editor.create();
      const answered = editor.prompt(sessionId, "Make it");
      const waiting = await until(
        async () => (await t.client.call("approvals.list", { status: "pending" })).approvals[0],
      );
      await t.client.call("approvals.resolve", { approval_id: waiting.approval_id, decision: "once" });
      expect(await answered).toEqual({ stopReason: "end_turn" });
    },
    TIMEOUT,
  );

  test(
    "a prompt is cancelled, and one at a time is answered",
    async () => {
      await using t = await conversation();
      t.fake.reply({ steps: ["Beginning"], end: "silence" });
      await using editor = await openEditor({ home: t.home.path });
      const { sessionId } = await editor.create();
      const answered = editor.prompt(sessionId, "Take long");
      await until(() => editor.text("agent_message_chunk") === "Beginning");
      await expect(editor.prompt(sessionId, "Another")).rejects.toThrow("being answered");
      await editor.agent.notify(methods.agent.session.cancel, { sessionId });
      expect(await answered).toEqual({ stopReason: "cancelled" });
    },
    TIMEOUT,
  );

  test(
    "a question of the model ends the turn, and the next prompt is the answer",
    async () => {
      await using t = await conversation();
      t.fake.reply([{ tool_call: { name: "ask_user", args: { question: "Which colour?" } } }], "Green it is");
      await using editor = await openEditor({ home: t.home.path });
      const { sessionId } = await editor.create();
      expect(await editor.prompt(sessionId, "Paint")).toEqual({ stopReason: "end_turn" });
      expect(editor.text("agent_message_chunk")).toContain("Which colour?");
      expect(await editor.prompt(sessionId, "Green")).toEqual({ stopReason: "end_turn" });
      expect(editor.text("agent_message_chunk")).toContain("Green it is");
      expect(t.fake.requests).toHaveLength(2);
    },
    TIMEOUT,
  );

  test(
    "opens a session again with all that was said, lists it, and takes files",
    async () => {
      await using t = await conversation();
      t.fake.reply("Seen", "Again");
      await using first = await openEditor({ home: t.home.path });
      const { sessionId } = await first.create();
      const uri = "file:///project/main.ts";
      await first.agent.request(methods.agent.session.prompt, {
        sessionId,
        prompt: [
          { type: "text", text: "Look at " },
          { type: "resource", resource: { uri, text: "const answer = 42;" } },
          { type: "resource_link", uri: "file:///project/b.ts", name: "b.ts" },
        ],
      });
      const sent = JSON.stringify(t.fake.requests[0]!.body.messages);
      expect(sent).toContain(`Look at [main.ts](${uri})[b.ts](file:///project/b.ts)`);
      expect(sent).toContain("const answer = 42;");

      await using second = await openEditor({ home: t.home.path });
      const { sessions } = await second.agent.request(methods.agent.session.list, {});
      expect(sessions.map((each) => each.sessionId)).toContain(sessionId);
      await second.agent.request(methods.agent.session.load, { sessionId, cwd: "/", mcpServers: [] });
      await until(() => second.text("agent_message_chunk") === "Seen");
      expect(second.text("user_message_chunk")).toContain("Look at");
      expect(await second.prompt(sessionId, "Once more")).toEqual({ stopReason: "end_turn" });
      const none = { sessionId: "agent:main:chat:none", cwd: "/", mcpServers: [] };
      await expect(second.agent.request(methods.agent.session.load, none)).rejects.toThrow("No session");
      await expect(second.prompt("agent:main:chat:none", "x")).rejects.toThrow();
    },
    TIMEOUT,
  );

  test(
    "a session that is opened again is there as a whole, however long, when the editor is answered",
    async () => {
      await using t = await conversation();
      const key = "agent:main:chat:long";
      await t.client.call("session.create", { session_key: key });
      fillSession({ database: t.home.database, key, count: 1100, textOf: (index) => `<${index}>` });
      await using editor = await openEditor({ home: t.home.path });
      await editor.agent.request(methods.agent.session.load, { sessionId: key, cwd: "/", mcpServers: [] });
      const shown = editor.updates.flatMap(({ update }) =>
        "content" in update && !Array.isArray(update.content) && update.content?.type === "text"
          ? [update.content.text]
          : [],
      );
      expect(shown).toEqual(Array.from({ length: 1100 }, (_, index) => `<${index}>`));
    },
    TIMEOUT,
  );

  test(
    "the model and the thinking are chosen in the editor, and failures are told",
    async () => {
      await using t = await conversation();
      await using editor = await openEditor({ home: t.home.path });
      const { sessionId } = await editor.create();
      const set = (configId: string, value: string) =>
        editor.agent.request(methods.agent.session.setConfigOption, { sessionId, configId, value });
      const { configOptions } = await set("model", "fake/m");
      expect(configOptions.map(({ id, currentValue }) => [id, currentValue])).toEqual([
        ["model", "fake/m"],
        ["thinking", "default"],
      ]);
      await expect(set("thinking", "endless")).rejects.toThrow('no level "endless"');
      await expect(set("colour", "red")).rejects.toThrow('no option "colour"');
      t.fake.answer(() => ({ status: 400, message: "not today" }));
      await expect(editor.prompt(sessionId, "x")).rejects.toThrow("not today");
      await expect(editor.prompt(sessionId, " ")).rejects.toThrow("says nothing");
    },
    TIMEOUT,
  );

  test(
    "what runs ends with the editor",
    async () => {
      await using t = await conversation();
      t.fake.reply({ steps: ["Beginning"], end: "silence" });
      await using editor = await openEditor({ home: t.home.path });
      const { sessionId } = await editor.create();
      editor.prompt(sessionId, "Take long").catch(() => "the editor has gone");
      const request = await t.fake.received(1);
      expect((await editor.close()).code).toBe(0);
      expect(await request.ended).toBe("hung_up");
    },
    TIMEOUT,
  );
});
