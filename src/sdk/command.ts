/** What a direct command is: code that a person calls by its name, with no model in between. */

/** One call of one command. Plain JSON: a run that waits for its turn keeps it on disk. */
export interface DirectCall {
  readonly plugin: string;
  readonly command: string;
  /** The handler's first argument: of a line that was typed `{text, words}`, what stands behind the command, whole and in words. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** Who calls, and where; the handler's second argument. */
export interface CommandPlace {
  readonly agent: string;
  readonly sessionKey: string;
  readonly runId: string | null;
  readonly identity: string;
}

/** A word that a message may begin with, as it is typed behind the slash. */
export interface SlashWord {
  /** `ping`, or `my-plugin:ping` where several plugins have a `ping`; of a prompt the plugin's id. */
  readonly word: string;
  readonly plugin: string;
  readonly description: string;
  /** A `command` runs code; a `prompt` goes to the model with the plugin's instructions. */
  readonly kind: "command" | "prompt";
}

export interface Commands {
  /** What can be typed, in the order of the plugins' ids. */
  words(): Promise<readonly SlashWord[]>;
  /** What a message calls that begins with a slash; nothing when it is for the model. */
  find(message: string): Promise<DirectCall | undefined>;
  /** What the command gives back as a text. Rejects with `not_found` when it is not there any more, and as the plugin's call. */
  run(call: DirectCall, place: CommandPlace, signal: AbortSignal): Promise<string>;
}
