import { expect, test } from "bun:test";
import { staticRuntime } from "../../../src/plugin/runtimes/static.ts";
import type { PromptScope } from "../../../src/sdk/plugin.ts";
import { refusal } from "../../support/config.ts";
import { BARE_MANIFEST } from "../../support/plugins.ts";

async function open(scope?: PromptScope) {
  const read: string[] = [];
  const readFile = async (path: string) => {
    read.push(path);
    return `text of ${path}`;
  };
  const manifest = scope === undefined ? BARE_MANIFEST : { ...BARE_MANIFEST, prompt: { file: "S.md", scope } };
  await using plugin = await staticRuntime.open(manifest, { readFile });
  return { prompts: plugin.prompts, read };
}

test("static plugins give their prompt with its scope; one that is disabled is not even read", async () => {
  expect(await open("system")).toEqual({ prompts: [{ scope: "system", text: "text of S.md" }], read: ["S.md"] });
  expect((await open("standalone")).prompts).toEqual([{ scope: "standalone", text: "text of S.md" }]);
  expect(await open("disabled")).toEqual({ prompts: [], read: [] });
  expect(await open()).toEqual({ prompts: [], read: [] });
});

test("static plugins have no tools that a prompt could go with", async () => {
  expect(await refusal(() => open("tool"))).toEqual({
    reason: "plugin_error",
    message: 'Prompt scope "tool" goes with tools, and a static plugin has none',
    data: { hint: 'Use scope "system" or "standalone"' },
  });
});
