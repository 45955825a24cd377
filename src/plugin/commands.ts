/** The direct commands of the plugins in use, and the words that a person calls them by. */
import { nearest } from "../lib/nearest.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { CommandPlace, Commands, DirectCall, SlashWord } from "../sdk/command.ts";
import type { ActivePlugin, ActivePlugins } from "../sdk/plugin.ts";
import { textOfAnswer } from "./answer.ts";

/** `/word` or `/plugin:word`, and what stands behind it. */
const LINE = /^\/([^\s/]+)(?:\s+([\s\S]*))?$/;

export class PluginCommands implements Commands {
  readonly #plugins: Pick<ActivePlugins, "current">;

  constructor({ plugins }: { readonly plugins: Pick<ActivePlugins, "current"> }) {
    this.#plugins = plugins;
  }

  /** What can be typed, in the order of the plugins' ids: commands by their shortest word, and prompts of scope `standalone`. */
  async words(): Promise<readonly SlashWord[]> {
    const plugins = await this.#plugins.current();
    return plugins.flatMap((plugin): SlashWord[] => {
      const { id, commands, description } = plugin.manifest;
      return [
        ...(hasStandalonePrompt(plugin) ? [{ word: id, plugin: id, description, kind: "prompt" as const }] : []),
        ...commands.map((command) => ({
          word: ownerOf(command.name, plugins) === plugin ? command.name : `${id}:${command.name}`,
          plugin: id,
          description: command.description,
          kind: "command" as const,
        })),
      ];
    });
  }

  async find(message: string, { role }: Pick<Grant, "role">): Promise<DirectCall | undefined> {
    // What a plugin's command does no guest may do.
    if (role === "guest") return undefined;
    const [, word, rest = ""] = LINE.exec(message) ?? [];
    if (word === undefined) return undefined;
    const plugins = await this.#plugins.current();
    const [prefix = "", suffix] = word.split(/:(.*)/s);
    const command = suffix ?? prefix;
    const plugin =
      suffix === undefined ? ownerOf(word, plugins) : plugins.find(({ manifest }) => manifest.id === prefix);
    if (!plugin?.manifest.commands.some(({ name }) => name === command)) return undefined;
    return { plugin: plugin.manifest.id, command, args: argsOf(rest) };
  }

  async run(
    { plugin: id, command: name, args }: DirectCall,
    place: CommandPlace,
    signal: AbortSignal,
  ): Promise<string> {
    const plugins = await this.#plugins.current();
    const plugin = plugins.find(({ manifest }) => manifest.id === id);
    if (!plugin) {
      const meant = nearest(
        id ?? "",
        plugins.map(({ manifest }) => manifest.id),
      );
      throw notFound(`No plugin "${id}" is in use`, meant);
    }
    const { commands } = plugin.manifest;
    const command = commands.find((each) => each.name === name);
    if (!command) {
      const meant = nearest(
        name,
        commands.map((each) => each.name),
      );
      throw notFound(`Plugin "${id}" has no command "${name}"`, meant);
    }
    const { agent, sessionKey, runId, grant } = place;
    const context = { command: name, agent, sessionKey, runId, identity: grant.identity.id };
    return textOfAnswer(await plugin.call({ handler: command.handler, args, context, signal }));
  }
}

/** What a handler gets of a line that was typed. */
export function argsOf(typed: string): DirectCall["args"] {
  const text = typed.trim();
  return { text, words: text === "" ? [] : text.split(/\s+/) };
}

/** The plugin that a bare word calls: the only one with such a command. The name of a prompt is no command. */
function ownerOf(word: string, plugins: readonly ActivePlugin[]): ActivePlugin | undefined {
  if (plugins.some((plugin) => plugin.manifest.id === word && hasStandalonePrompt(plugin))) return undefined;
  const owners = plugins.filter(({ manifest }) => manifest.commands.some(({ name }) => name === word));
  return owners.length === 1 ? owners[0] : undefined;
}

function hasStandalonePrompt({ prompts }: ActivePlugin): boolean {
  return prompts.some(({ scope }) => scope === "standalone");
}

function notFound(message: string, meant: string | undefined): AlephError {
  const hint = meant ? `Did you mean "${meant}"?` : "plugins.commands shows those that exist";
  return new AlephError("not_found", message, { data: { hint } });
}
