/** Plugins without code: a prompt and no more. */
import { AlephError } from "../../protocol/errors.ts";
import { defineRuntime } from "../../sdk/runtime.ts";

export const staticRuntime = defineRuntime({
  kind: "static",
  async open({ prompt }, { readFile }) {
    if (prompt?.scope === "tool") {
      throw new AlephError("plugin_error", 'Prompt scope "tool" goes with tools, and a static plugin has none', {
        data: { hint: 'Use scope "system" or "standalone"' },
      });
    }
    const isUsed = prompt !== undefined && prompt.scope !== "disabled";
    return {
      prompts: isUsed ? [{ scope: prompt.scope, text: await readFile(prompt.file) }] : [],
      async [Symbol.asyncDispose]() {},
    };
  },
});
