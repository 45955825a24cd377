/** Named agents as subagents: whose files, prompt, model and tools they have, and whose they never get. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Grant } from "../../src/protocol/identity.ts";
import { testAgent } from "../support/agent.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { calls, questionOf, results, send, spawn, toolNames, turns } from "../support/delegation.ts";
import { testFolder } from "../support/folder.ts";
import type { FakeRequest } from "../support/providers/fake.ts";

const systemOf = ({ body }: FakeRequest): string => body.messages[0].content;
const requestFor = (requests: readonly FakeRequest[], question: string) =>
  requests.find((request) => questionOf(request) === question)!;
const lastOf = (requests: readonly FakeRequest[], question: string) =>
  results(requests.findLast((request) => questionOf(request) === question)!);

function put(folder: string, files: Readonly<Record<string, string>>) {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

const WRITE = { name: "write", args: { path: "found.txt", content: "three" } };

test("a named agent of config.toml works in its own workspace, with its prompt files, model and tools", async () => {
  await using elsewhere = await testFolder();
  const desk = join(elsewhere.path, "desk");
  put(desk, { "AGENTS.md": "Count twice.", "SOUL.md": "You are patient.", "house.md": "No shouting." });
  const scout = {
    description: "Looks around",
    workspace: desk,
    model: "fake/small",
    prompt: "You scout.",
    prompt_files: ["house.md"],
    tools: { allow: ["read", "write", "time"], deny: ["time"] },
  };
  await using t = await conversation({ config: { agents: { scout } } });
  await t.client.call("plugins.trustFolder", { folder: desk });
  put(join(t.home.workspaces, "main"), { "AGENTS.md": "Only for main." });
  turns(t, { go: [calls(spawn({ task: "look", agent: "scout" })), "done"], look: [calls(WRITE), "seen"] });
  await send(t, "go");
  const [parent, child] = [requestFor(t.fake.requests, "go"), requestFor(t.fake.requests, "look")];
  expect(systemOf(parent)).toContain("- scout: Looks around");
  expect([parent.body.model, child.body.model]).toEqual(["m", "small"]);
  expect(toolNames(child)).toEqual(["read", "write"]);
  for (const text of ["Count twice.", "You are patient.", "No shouting.", "You scout.", `Workspace: ${desk}`]) {
    expect(systemOf(child)).toContain(text);
  }
  expect(systemOf(child)).not.toContain("Only for main.");
  expect(readFileSync(join(desk, "found.txt"), "utf8")).toBe("three");
  expect(existsSync(join(t.home.workspaces, "main", "found.txt"))).toBe(false);
  expect(lastOf(t.fake.requests, "go")).toEqual([expect.stringMatching(/^\[Subagent run_\w+ \(scout\) completed\]/)]);
});

test("a named agent of a Markdown file is one as well, from the moment that the file is there", async () => {
  await using t = await conversation();
  turns(t, { go: [calls(spawn({ task: "look", agent: "scout" })), "done"], look: [calls(WRITE), "seen"] });
  await send(t, "go");
  expect(lastOf(t.fake.requests, "go")).toEqual([
    'Error: No agent "scout". Add [agents.scout] to config.toml, or agents/scout.md to the home',
  ]);
  put(join(t.home.path, "agents"), {
    "scout.md": "---\ndescription: Looks around\nmodel: fake/small\ntools: write, exec\ndeny: exec\n---\nYou scout.\n",
  });
  const workspace = join(t.home.workspaces, "scout");
  put(workspace, { "AGENTS.md": "Count twice." });
  turns(t, { again: [calls(spawn({ task: "look", agent: "scout" })), "done"], look: [calls(WRITE), "seen"] });
  await send(t, "again");
  const child = requestFor(t.fake.requests, "look");
  expect([child.body.model, toolNames(child)]).toEqual(["small", ["write"]]);
  expect(systemOf(child)).toContain("You scout.");
  expect(systemOf(child)).toContain("Count twice.");
  expect(readFileSync(join(workspace, "found.txt"), "utf8")).toBe("three");
});

test("a model that the call names goes before the named agent's own, and one that there is none of fails the subagent alone", async () => {
  await using t = await conversation({ config: { agents: { scout: { model: "fake/small" } } } });
  turns(t, {
    go: [
      calls(
        spawn({ task: "look", agent: "scout", model: "fake/large" }),
        spawn({ task: "stare", model: "nowhere/nothing" }),
      ),
      "done",
    ],
    look: ["seen"],
  });
  expect((await send(t, "go")).text).toBe("done");
  expect(requestFor(t.fake.requests, "look").body.model).toBe("large");
  expect(lastOf(t.fake.requests, "go")[1]).toMatch(/^Error: \[Subagent run_\w+ \(main\) failed: .*nowhere/);
});

test("a named agent that may do more than its caller gets no more through it, and its own subagents no more than it", async () => {
  const agents = {
    scout: { tools: { allow: ["time", "agent_spawn"] } },
    boss: { tools: { allow: ["exec", "read", "time", "agent_spawn"] } },
  };
  await using t = await conversation({ config: { agents } });
  turns(t, {
    go: [calls(spawn({ task: "one", agent: "scout" })), "done"],
    one: [calls(spawn({ task: "two", agent: "boss" }), spawn({ task: "never", tools: ["exec"] })), "one is done"],
    two: [calls({ name: "exec", args: { command: "echo hi" } }), "two is done"],
  });
  await send(t, "go");
  expect(toolNames(requestFor(t.fake.requests, "one"))).toEqual(["agent_spawn", "time"]);
  // Two deep is the deepest, so it starts none itself.
  expect(toolNames(requestFor(t.fake.requests, "two"))).toEqual(["time"]);
  expect(lastOf(t.fake.requests, "two")).toEqual(['Error: Tool "exec" is not allowed here']);
  expect(lastOf(t.fake.requests, "one")[1]).toBe(
    'Error: Tool "exec" is not one that you may use. You may use agent_spawn, time',
  );
});

test("what a session or a part of the call takes away stays away further down", async () => {
  await using t = await conversation();
  const session_key = "agent:main:chat:quiet";
  await t.client.call("session.create", { session_key, tools: { deny: ["exec", "write", "edit", "apply_patch"] } });
  turns(t, {
    go: [calls(spawn({ task: "one", tools: ["read", "time", "agent_spawn"] })), "done"],
    one: [calls(spawn({ task: "two" }), spawn({ task: "three", tools: ["glob"] })), "one is done"],
    two: ["two is done"],
  });
  await send(t, "go", session_key);
  expect(toolNames(requestFor(t.fake.requests, "go"))).not.toContain("exec");
  expect(toolNames(requestFor(t.fake.requests, "one"))).toEqual(["agent_spawn", "read", "time"]);
  expect(toolNames(requestFor(t.fake.requests, "two"))).toEqual(["read", "time"]);
  expect(lastOf(t.fake.requests, "one")[1]).toBe(
    'Error: Tool "glob" is not one that you may use. You may use read, agent_spawn, time',
  );
});

test("a guest's run has subagents of its own agent, with the guest's rights, and of no other", async () => {
  await using t = await testAgent({ agents: { scout: {} } });
  const guest: Grant = { identity: { id: "guest_1", kind: "guest" }, role: "guest", scopes: ["chat"] };
  turns(t, {
    go: [calls(spawn({ task: "other", agent: "scout" }), spawn({ task: "own" })), "done"],
    own: [calls({ name: "agent_spawn", args: { task: "deeper", agent: "scout" } }), "own is done"],
  });
  const { status } = await t.send("go", { session_key: MAIN }, guest);
  expect(status).toBe("completed");
  const refused = "Error: A guest cannot use another agent";
  expect(lastOf(t.fake.requests, "go")).toEqual([refused, expect.stringMatching(/completed\]\n\nown is done$/)]);
  expect(lastOf(t.fake.requests, "own")).toEqual([refused]);
  const owners = t.runs.list({ limit: 10 }).map(({ request }) => request.grant);
  expect(owners).toEqual([guest, guest]);
});
