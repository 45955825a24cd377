import { expect, test } from "bun:test";
import { pluginPrompts } from "../../src/plugin/prompts.ts";
import type { PluginTool } from "../../src/sdk/plugin.ts";
import { activePlugins } from "../support/active-plugins.ts";

const tool = (name: string): PluginTool => ({ name, description: "", handler: name, parameters: {} });

const PLUGINS = activePlugins(
  { id: "zebra", prompts: [{ scope: "system", text: "Z\n" }] },
  { id: "ape", prompts: [{ scope: "system", text: "\nA" }] },
  { id: "called", prompts: [{ scope: "standalone", text: "C" }] },
  { id: "blank", prompts: [{ scope: "system", text: " \n" }] },
  {
    id: "maker",
    prompts: [{ scope: "tool", text: "M" }],
    tools: [tool("make"), tool("mend"), tool("bare")],
    instructions: { make: "Make it well.\n", mend: " " },
  },
);

const prompts = (message: string, ...tools: string[]) =>
  pluginPrompts(PLUGINS, { message: () => message, tools: new Set(tools) });

test("pluginPrompts gives prompts of scope system by the ids of the plugins", async () => {
  expect(await prompts("Hello")).toEqual(["A", "Z"]);
});

test("pluginPrompts gives prompts of scope standalone when they are called by name", async () => {
  for (const message of ["", "called", "/calle", "/called-too", "Use /called", "//called"]) {
    expect([message, await prompts(message)]).toEqual([message, ["A", "Z"]]);
  }
  for (const message of ["/called", "/called do it", " /called\ndo it", "/called\tnow"]) {
    expect([message, await prompts(message)]).toEqual([message, ["A", "C", "Z"]]);
  }
});

test("pluginPrompts gives prompts of scope tool and instructions only where the tool may be used", async () => {
  expect(await prompts("Hello", "write")).toEqual(["A", "Z"]);
  expect(await prompts("Hello", "bare")).toEqual(["A", "M", "Z"]);
  expect(await prompts("Hello", "make", "mend")).toEqual(["A", "M", 'The tool "make":\n\nMake it well.', "Z"]);
});
