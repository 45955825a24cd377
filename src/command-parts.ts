/** Everything that a message can call behind a slash: Aleph's own commands, then those of the plugins. */
import { type ChatCommandNeeds, chatCommands } from "./chat-commands/index.ts";
import { argsOf, PluginCommands } from "./plugin/commands.ts";
import { AlephError, type Reason } from "./protocol/errors.ts";
import type { Grant } from "./protocol/identity.ts";
import type { AnyChatCommand, CommandPlace, Commands, DirectCall, SlashWord, Typed } from "./sdk/command.ts";
import type { ActivePlugins } from "./sdk/plugin.ts";

/** `/word`, and what stands behind it; phones begin a line with a capital. */
const LINE = /^\/([A-Za-z]+)(?:\s+([\s\S]*))?$/;

/** The caller can do nothing about these, or has asked for it. */
const FAILURES: ReadonlySet<Reason> = new Set<Reason>(["cancelled", "internal", "storage_failed", "overloaded"]);

export interface CommandPartsOptions {
  readonly plugins: Pick<ActivePlugins, "current">;
  /** Asked for at the first call: what runs a message needs the commands, and they need it. */
  readonly needs: () => Omit<ChatCommandNeeds, "offered">;
}

export class CommandParts implements Commands {
  readonly #plugins: PluginCommands;
  readonly #needs: CommandPartsOptions["needs"];

  constructor({ plugins, needs }: CommandPartsOptions) {
    this.#plugins = new PluginCommands({ plugins });
    this.#needs = needs;
  }

  async words(): Promise<readonly SlashWord[]> {
    const own = (await all()).map(({ word, summary }) => ({
      word,
      plugin: null,
      description: summary,
      kind: "command" as const,
    }));
    const others = (await this.#plugins.words()).flatMap((each): SlashWord[] => {
      if (!Object.hasOwn(chatCommands, each.word)) return [each];
      return each.kind === "command" ? [{ ...each, word: `${each.plugin}:${each.word}` }] : [];
    });
    return [...own, ...others];
  }

  async find(message: string, grant: Grant): Promise<DirectCall | undefined> {
    const [, word = "", rest = ""] = LINE.exec(message) ?? [];
    const command = word.toLowerCase();
    if (Object.hasOwn(chatCommands, command)) return { command, args: argsOf(rest) };
    return this.#plugins.find(message, grant);
  }

  async run(call: DirectCall, place: CommandPlace, signal: AbortSignal): Promise<string> {
    if (call.plugin !== undefined) return this.#plugins.run(call, place, signal);
    const command = await load(call.command);
    try {
      checkRights(command, place.grant);
      const needs: ChatCommandNeeds = { ...this.#needs(), offered: (grant) => this.#offered(grant) };
      return await command.run(needs, call.args as unknown as Typed, place, signal);
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || FAILURES.has(thrown.reason) || signal.aborted) throw thrown;
      const { message, data } = thrown;
      return typeof data.hint === "string" ? `${message}.\n\n${data.hint}` : `${message}.`;
    }
  }

  async #offered(grant: Grant) {
    const own = (await all())
      .filter((command) => mayCall(command, grant))
      .map(({ word, argument, summary }) => ({
        usage: argument === undefined ? word : `${word} ${argument}`,
        description: summary,
      }));
    if (grant.role === "guest") return own;
    const others = (await this.words()).filter(({ plugin }) => plugin !== null);
    return [...own, ...others.map(({ word, description }) => ({ usage: word, description }))];
  }
}

function all(): Promise<readonly AnyChatCommand[]> {
  return Promise.all(Object.values(chatCommands).map((each): Promise<AnyChatCommand> => each()));
}

/** Throws `not_found`: a run that waited may come from a version that had another. */
function load(word: string): Promise<AnyChatCommand> {
  if (Object.hasOwn(chatCommands, word)) return chatCommands[word as keyof typeof chatCommands]();
  throw new AlephError("not_found", `There is no command "${word}"`, {
    data: { hint: "/help shows those that exist" },
  });
}

function mayCall({ scope, forGuests }: AnyChatCommand, { role, scopes }: Grant): boolean {
  return role === "guest" ? forGuests : scopes.includes(scope);
}

function checkRights(command: AnyChatCommand, grant: Grant): void {
  if (mayCall(command, grant)) return;
  const { word, scope } = command;
  const message = grant.role === "guest" ? `/${word} is not for guests` : `/${word} needs the scope "${scope}"`;
  throw new AlephError("forbidden", message, { data: { hint: "/help shows what you may call" } });
}
