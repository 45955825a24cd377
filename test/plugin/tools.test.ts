import { expect, test } from "bun:test";
import { createMedia, createMemoryShelf } from "../../src/media/media.ts";
import { PluginTools } from "../../src/plugin/tools.ts";
import type { PluginTool } from "../../src/sdk/plugin.ts";
import type { ToolContext } from "../../src/sdk/tool.ts";
import { activePlugins, type TestPlugin } from "../support/active-plugins.ts";
import { testLog } from "../support/log.ts";
import { refusalOf } from "../support/tool-call.ts";

const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

const WEATHER: PluginTool = {
  name: "weather",
  description: "Tells the weather",
  handler: "handleWeather",
  parameters: PARAMETERS,
};

const CONTEXT: ToolContext = {
  workspace: "/w",
  agent: "main",
  sessionKey: "agent:main:main",
  runId: "run_1",
  callId: "call_1",
  identity: { id: "owner", kind: "owner" },
  tainted: false,
  signal: new AbortController().signal,
  log: testLog().log,
  progress: () => {},
};

async function setUp(answer: unknown, tool: Partial<PluginTool> = {}) {
  const plugin: TestPlugin = {
    id: "sky",
    permissions: { network: ["connect:https://sky.example"], filesystem: [], env: [] },
    tools: [{ ...WEATHER, ...tool }],
    code: { handleWeather: () => answer },
  };
  const plugins = activePlugins(plugin);
  const media = createMedia({ durable: createMemoryShelf(), ephemeral: createMemoryShelf() });
  const source = new PluginTools({ plugins, media });
  const [made] = await source.tools();
  return { plugins, plugin, media, source, tool: made! };
}

test("PluginTools gives the tools of the plugins as they were written, and the same until the plugins change", async () => {
  const { plugins, plugin, source, tool } = await setUp("sunny");
  const { name, description, parameters, parallel } = tool;
  expect({ name, description, parameters, parallel }).toEqual({
    name: "weather",
    description: "Tells the weather",
    parameters: PARAMETERS,
    parallel: false,
  });
  expect((await source.tools())[0]).toBe(tool);
  plugins.set(plugin);
  expect((await source.tools())[0]).not.toBe(tool);
  plugins.set();
  expect(await source.tools()).toEqual([]);
});

test("PluginTools shows what a call does before it is done", async () => {
  const { plugins, tool } = await setUp("sunny");
  const { tier, reason, plan, outward, untrusted } = await tool.prepare({ city: "Oslo" }, CONTEXT);
  expect({ tier, reason, plan, outward, untrusted }).toEqual({
    tier: "allow",
    outward: true,
    untrusted: true,
    reason: 'Tool of the plugin "sky", which can do what its permissions name and nothing else',
    plan: { plugin: "sky", handler: "handleWeather", args: { city: "Oslo" } },
  });
  expect(plugins.calls).toEqual([]);
});

test("PluginTools calls the handler with the arguments, the place and the limit", async () => {
  const { plugins, tool } = await setUp("sunny", { timeoutMs: 700 });
  expect(await (await tool.prepare({ city: "Oslo" }, CONTEXT)).run()).toEqual({
    ok: true,
    text: "sunny",
    untrusted: true,
  });
  const { agent, sessionKey, runId, callId, signal } = CONTEXT;
  expect(plugins.calls).toEqual([
    {
      handler: "handleWeather",
      args: { city: "Oslo" },
      context: { toolName: "weather", agent, sessionKey, runId, callId, identity: "owner" },
      signal,
      timeoutMs: 700,
    },
  ]);
});

test("PluginTools keeps the media that come with a text", async () => {
  const data = Buffer.from("hello").toString("base64");
  const { media, tool } = await setUp({ text: "See", media: [{ mime: "text/plain", name: "a.txt", data }] });
  const result = await (await tool.prepare({}, CONTEXT)).run();
  expect(result).toEqual({
    untrusted: true,
    ok: true,
    text: "See",
    media: [{ type: "media", media_id: expect.any(String), mime: "text/plain", name: "a.txt", size: 5 }],
  });
  expect((await media.get(result.media![0]!.media_id)).bytes).toEqual(new Uint8Array(Buffer.from("hello")));
});

test("PluginTools refuses an image that is none", async () => {
  const { tool } = await setUp({ text: "See", media: [{ mime: "image/png", data: "aGVsbG8=" }] });
  expect(await refusalOf((await tool.prepare({}, CONTEXT)).run())).toStartWith("invalid_params: ");
});

test("PluginTools marks nothing of a plugin through which nothing can come in or go out", async () => {
  const plugins = activePlugins({ id: "sum", tools: [WEATHER], code: { handleWeather: () => "4" } });
  const media = createMedia({ durable: createMemoryShelf(), ephemeral: createMemoryShelf() });
  const [tool] = await new PluginTools({ plugins, media }).tools();
  const prepared = await tool!.prepare({ city: "Oslo" }, CONTEXT);
  expect([prepared.outward, prepared.untrusted, await prepared.run()]).toEqual([
    undefined,
    undefined,
    { ok: true, text: "4" },
  ]);
});
