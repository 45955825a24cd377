import { expect, test } from "bun:test";
import { markUntrusted } from "../../src/agent/untrusted.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { TestPlugin } from "../support/active-plugins.ts";
import { MAIN, testAgent } from "../support/agent.ts";

const SKY: TestPlugin = {
  id: "sky",
  permissions: { network: ["connect:https://sky.example"], filesystem: [], env: [] },
  tools: [
    {
      name: "weather",
      description: "Tells the weather",
      handler: "onWeather",
      parameters: { $schema: "https://json-schema.org/draft/2020-12/schema", properties: { city: { type: "string" } } },
    },
    { name: "stars", description: "Tells the stars", handler: "onStars", parameters: {} },
  ],
  prompts: [{ scope: "tool", text: "Look up." }],
  instructions: { weather: "Name the city.", stars: "Name the star." },
  code: { onWeather: ({ city }: { city: string }) => ({ sun: city }), onStars: () => "many" },
};

const SCOPE = {
  agent: "main",
  sessionKey: MAIN,
  runId: null,
  grant: OWNER_GRANT,
  signal: new AbortController().signal,
  sessionTools: null,
};

test("Toolbox.specs names plugins' tools behind its own, with their schema as it was written", async () => {
  await using t = await testAgent({ plugins: [SKY] });
  const specs = await t.toolbox.specs("main", null);
  expect(specs.slice(-3).map(({ name }) => name)).toEqual(["time", "weather", "stars"]);
  expect(specs.at(-2)).toEqual({
    name: "weather",
    description: "Tells the weather",
    parallel: false,
    parameters: { properties: { city: { type: "string" } } },
  });
});

test("Toolbox follows plugins that come and go", async () => {
  await using t = await testAgent();
  const call = () => t.toolbox.call({ tool: "stars", args: {}, callId: "c1" }, SCOPE);
  expect(await call()).toMatchObject({ status: "error", text: 'There is no tool "stars"' });
  t.plugins.set(SKY);
  expect(await call()).toMatchObject({ status: "ok", text: "many" });
  t.plugins.set();
  expect(await call()).toMatchObject({ status: "error", text: 'There is no tool "stars"' });
  expect((await t.toolbox.specs("main", null)).map(({ name }) => name)).not.toContain("stars");
});

test("Toolbox keeps its own tool, and the first of two plugins', where a name is taken", async () => {
  const impostor = (id: string, name: string): TestPlugin => ({
    id,
    tools: [{ name, description: id, handler: "x", parameters: {} }],
    code: { x: () => id },
  });
  await using t = await testAgent({ plugins: [impostor("a", "time"), impostor("b", "two"), impostor("c", "two")] });
  const specs = await t.toolbox.specs("main", null);
  expect(specs.filter(({ name }) => name === "time").map(({ description }) => description)).not.toContain("a");
  expect(specs.filter(({ name }) => name === "two").map(({ description }) => description)).toEqual(["b"]);
  expect(await t.toolbox.call({ tool: "time", args: {}, callId: "c1" }, SCOPE)).toMatchObject({ status: "ok" });
  expect((await t.toolbox.call({ tool: "two", args: {}, callId: "c2" }, SCOPE)).text).toBe("b");
  expect(t.plugins.calls).toHaveLength(1);
});

test.each([
  ["the agent's deny list", { main: { tools: { deny: ["weather"] } } }, null],
  ["the agent's allow list", { main: { tools: { allow: ["time", "stars"] } } }, null],
  ["the session's allow list", {}, { allow: ["stars"] }],
])("Toolbox holds plugins' tools to %s", async (_, agents, sessionTools) => {
  await using t = await testAgent({ plugins: [SKY], agents });
  const names = (await t.toolbox.specs("main", sessionTools)).map(({ name }) => name);
  expect([names.includes("weather"), names.includes("stars")]).toEqual([false, true]);
  const scope = { ...SCOPE, sessionTools };
  expect(await t.toolbox.call({ tool: "weather", args: {}, callId: "c1" }, scope)).toMatchObject({
    status: "denied",
    text: 'Tool "weather" is not allowed here',
  });
  expect(await t.toolbox.call({ tool: "stars", args: {}, callId: "c2" }, scope)).toMatchObject({ status: "ok" });
});

test("a run calls a plugin's tool, and is told of its use only where it may be used", async () => {
  const agents = { narrow: { tools: { deny: ["weather"] } }, none: { tools: { allow: ["time"] } } };
  await using t = await testAgent({ plugins: [SKY], agents });
  t.fake.reply([{ tool_call: { id: "c1", name: "weather", args: { city: "Oslo" } } }], "Sun", "narrow", "none");
  expect((await t.send("Weather?")).text).toBe("Sun");
  expect(t.fake.requests[1]!.body.messages.at(-1).content).toBe(markUntrusted("weather", '{"sun":"Oslo"}'));
  await t.send("Hi", { session_key: "agent:narrow:main" });
  await t.send("Hi", { session_key: "agent:none:main" });
  const told = t.fake.requests.map(({ body }) =>
    ["Look up.", "Name the city.", "Name the star."].filter((text) => body.messages[0].content.includes(text)),
  );
  const all = ["Look up.", "Name the city.", "Name the star."];
  expect(told).toEqual([all, all, ["Look up.", "Name the star."], []]);
});

test("arguments that do not fit a plugin's schema are told to the model, and the plugin is not called", async () => {
  await using t = await testAgent({ plugins: [SKY] });
  t.fake.reply([{ tool_call: { id: "c1", name: "weather", args: { city: 7 } } }], "I see");
  await t.send("Weather?");
  expect(t.fake.requests[1]!.body.messages.at(-1).content).toContain('- "city": must be string');
  expect(t.plugins.calls).toEqual([]);
});
