/** What the plugins in use add to the system prompt of a run. */
import type { ActivePlugin, ActivePlugins } from "../sdk/plugin.ts";
import type { PluginPrompt } from "../sdk/runtime.ts";

export interface PromptedRun {
  /** The message that the run answers; asked for where it matters. */
  readonly message: () => string;
  /** The names of the tools that the run may use. */
  readonly tools: ReadonlySet<string>;
}

/**
 * In the order of the plugins' ids, of each its prompts and then the instructions of its tools. A prompt of scope `tool` and an
 * instruction are there when the tool may be used, a prompt of scope `standalone` when the message begins with `/<id>`.
 */
export async function pluginPrompts(
  plugins: Pick<ActivePlugins, "current">,
  run: PromptedRun,
): Promise<readonly string[]> {
  const texts = (await plugins.current()).flatMap((plugin) => [
    ...plugin.prompts.filter(({ scope }) => isWanted(scope, plugin, run)).map(({ text }) => text.trim()),
    ...instructionsOf(plugin, run),
  ]);
  return texts.filter((text) => text !== "");
}

function isWanted(scope: PluginPrompt["scope"], { manifest }: ActivePlugin, { message, tools }: PromptedRun): boolean {
  switch (scope) {
    case "system":
      return true;
    case "tool":
      return manifest.tools.some(({ name }) => tools.has(name));
    case "standalone":
      return firstWord(message()) === `/${manifest.id}`;
  }
}

function instructionsOf({ manifest, instructions }: ActivePlugin, { tools }: PromptedRun): readonly string[] {
  return manifest.tools.flatMap(({ name }) => {
    const text = instructions[name]?.trim();
    return text && tools.has(name) ? [`The tool "${name}":\n\n${text}`] : [];
  });
}

/** White space before it is how a terminal sends what is no command. */
function firstWord(message: string): string | undefined {
  return message.trimStart().split(/\s/, 1)[0];
}
