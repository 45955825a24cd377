import { expect, test } from "bun:test";
import { createAgents } from "../../../src/panel/state/agents.ts";
import type { Call } from "../../../src/panel/state/connection.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

function server() {
  const asked: unknown[] = [];
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    const answers: Record<string, unknown> = {
      "agent.list": { agents: [{ agent: "main" }] },
      "tool.list": { tools: [{ name: "write" }, { name: "read" }] },
      "config.patch": { changed: ["agents"] },
      "agent.prompt": { parts: [] },
      "skills.list": { skills: [{ name: "notes" }], folders: [] },
    };
    return answers[method];
  }) as unknown as Call;
  return { agents: createAgents({ call, now: () => 1 }), takeAsked: () => asked.splice(0) };
}

const EMPTY = {
  agent: "writer",
  description: "",
  model: "",
  thinking: "",
  workspace: "",
  prompt: "",
  allow: null,
  deny: [],
};
const READ = [
  ["agent.list", {}],
  ["tool.list", {}],
];

test("createAgents writes what a person wrote, and takes out what they left empty", async () => {
  const { agents, takeAsked } = server();
  await agents.save({ ...EMPTY, description: "writes", model: " ", allow: ["read"] });
  const table = { description: "writes", model: null, thinking: null, workspace: null, prompt: null };
  expect(takeAsked()).toEqual([
    ["config.patch", { patch: { agents: { writer: { ...table, tools: { allow: ["read"], deny: null } } } } }],
    ...READ,
  ]);
  await agents.save(EMPTY);
  expect(takeAsked()[0]).toEqual([
    "config.patch",
    { patch: { agents: { writer: { ...table, description: null, tools: null } } } },
  ]);
});

test("createAgents tells an agent without tools from one with all of them", async () => {
  const { agents, takeAsked } = server();
  await agents.save({ ...EMPTY, allow: [] });
  expect(takeAsked()[0]).toMatchObject([
    "config.patch",
    { patch: { agents: { writer: { tools: { allow: [], deny: null } } } } },
  ]);
});

test("createAgents removes one, and knows the names of the tools in order", async () => {
  const { agents, takeAsked } = server();
  await agents.remove("writer");
  expect(takeAsked()).toEqual([["config.patch", { patch: { agents: { writer: null } } }], ...READ]);
  expect([agents.list.value, agents.tools.value]).toEqual([[{ agent: "main" }] as never, ["read", "write"]]);
});

test("createAgents asks for a prompt and for skills only when somebody wants to know", async () => {
  const { agents, takeAsked } = server();
  await agents.load();
  expect(takeAsked()).toEqual(READ);
  expect(await agents.report("main")).toEqual({ parts: [] } as never);
  expect(await agents.skills("main")).toEqual([{ name: "notes" }] as never);
  expect(takeAsked()).toEqual([
    ["agent.prompt", { agent: "main" }],
    ["skills.list", { agent: "main" }],
  ]);
});

test("createAgents reads anew when the agents of the config change", async () => {
  const { agents, takeAsked } = server();
  await agents.load();
  takeAsked();
  const changed = (section: string) =>
    ({ topic: "config.changed", seq: 1, ts: 1, data: { sections: [section] } }) as unknown as EventFrame;
  agents.handle?.(changed("log"));
  expect(takeAsked()).toEqual([]);
  agents.handle?.(changed("agents"));
  await until(() => takeAsked().length === 2);
});
