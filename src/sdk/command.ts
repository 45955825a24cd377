/** What a direct command is: code that a person calls by its name, with no model in between. */
import type { Grant, Scope } from "../protocol/identity.ts";

/** One call of one command. Plain JSON: a run that waits for its turn keeps it on disk. */
export interface DirectCall {
  /** Left out: the command is Aleph's own. */
  readonly plugin?: string;
  readonly command: string;
  /** The handler's first argument: of a line that was typed `{text, words}`, what stands behind the command, whole and in words. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** Who calls, and where; the handler's second argument. */
export interface CommandPlace {
  readonly agent: string;
  readonly sessionKey: string;
  readonly runId: string | null;
  readonly grant: Grant;
}

/** A word that a message may begin with, as it is typed behind the slash. */
export interface SlashWord {
  /** `ping`, or `my-plugin:ping` where several plugins have a `ping`; of a prompt the plugin's id. */
  readonly word: string;
  /** Null: the command is Aleph's own. */
  readonly plugin: string | null;
  readonly description: string;
  /** A `command` runs code; a `prompt` goes to the model with the plugin's instructions. */
  readonly kind: "command" | "prompt";
}

export interface Commands {
  /** What can be typed: Aleph's own, then in the order of the plugins' ids. */
  words(): Promise<readonly SlashWord[]>;
  /** What a message calls that begins with a slash; nothing when it is for the model. */
  find(message: string, grant: Grant): Promise<DirectCall | undefined>;
  /** What the command gives back as a text. Rejects with `not_found` when it is not there any more, and as the plugin's call. */
  run(call: DirectCall, place: CommandPlace, signal: AbortSignal): Promise<string>;
}

/** What stands behind the word, whole and in words. */
export interface Typed {
  readonly text: string;
  readonly words: readonly string[];
}

/** A command of Aleph's own, the same wherever people chat. */
export interface ChatCommand<Needs> {
  readonly word: string;
  /** What may stand behind the word, as the help shows it. */
  readonly argument?: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  readonly scope: Scope;
  /** Guests may call it, whatever their scopes; others they may not call. */
  readonly forGuests: boolean;
  /**
   * What to say, as Markdown. Throws `AlephError` for what the caller can understand: message and hint are the answer then.
   * `signal` aborts when the run is stopped.
   */
  run(needs: Needs, typed: Typed, place: CommandPlace, signal: AbortSignal): string | Promise<string>;
}

// biome-ignore lint/suspicious/noExplicitAny: `run` is contravariant in what it needs; the sum is checked where it is given
export type AnyChatCommand = ChatCommand<any>;

export function defineChatCommand<Needs = unknown>(command: ChatCommand<Needs>): ChatCommand<Needs> {
  return command;
}
