/** What a command is: its words, its options and what it does. Help, parsing and shell completion come from it. */
import type { ArgDef, ArgsDef, CommandDef, ParsedArgs } from "citty";
import type { Environment } from "../config/environment.ts";
import type { Terminal } from "./terminal.ts";

/** Where the shell finds what may stand here. */
export type Completion =
  | "file"
  | "folder"
  | "sessions"
  | "models"
  | "methods"
  | "approvals"
  | "grants"
  | "providers"
  | "plugins"
  | "remotes"
  | "agents"
  | "config-keys"
  | "devices"
  | "interfaces"
  | "invites"
  | "jobs"
  | "mcp-servers"
  | "nodes"
  | "pairings"
  | "runs"
  | "schedules"
  | "services"
  | "skills"
  | "tokens"
  | "tools"
  | "topics"
  | "webhooks";

export type Argument = ArgDef & {
  readonly alias?: string | string[];
  /** The option may be given several times; read it with `invocation.all`. */
  readonly repeatable?: true;
  /** A positional that takes all words that are left; read it with `args._`. */
  readonly rest?: true;
  readonly completion?: Completion;
};
export type Arguments = Readonly<Record<string, Argument>>;

/** One call of a command. */
export interface Invocation {
  readonly env: Environment;
  readonly terminal: Terminal;
  /** What the executable was called as: `aleph` or `aleph-server`. */
  readonly program: string;
  /** All values of a repeatable option, in order. */
  all(option: string): readonly string[];
}

/** Answers with the exit code; nothing is 0. Throws `AlephError`. */
export type Run<A extends Arguments> = (
  args: ParsedArgs<A & ArgsDef>,
  invocation: Invocation,
) => Promise<number | undefined> | Promise<void>;

export interface Command {
  /** One sentence without a full stop. */
  readonly summary: string;
  /** More lines for the command's own help. */
  readonly details?: string;
  /** Whole command lines, with what each does; `aleph` in them becomes the name that it was called by. */
  readonly examples?: readonly (readonly [string, string])[];
  readonly args: Arguments;
  /** In citty's form, ready for its `runCommand`. */
  readonly definition: CommandDef;
}

export interface Group {
  readonly summary: string;
  readonly details?: string;
  readonly commands: Readonly<Record<string, Command>>;
  /** What runs when no subcommand is named; without it that is an error. */
  readonly fallback?: string;
}

export type Entry = Command | Group;

export function defineCommand<const A extends Arguments>(
  command: Omit<Command, "args" | "definition"> & { readonly args: A; readonly run: Run<A> },
): Command {
  const { run, args, ...words } = command;
  const definition: CommandDef<ArgsDef> = {
    meta: { description: words.summary },
    args: args as ArgsDef,
    run: ({ args: parsed, data }) => run(parsed as ParsedArgs<A & ArgsDef>, data as Invocation),
  };
  return { ...words, args, definition: definition as CommandDef };
}

export function defineGroup(group: Group): Group {
  return group;
}

export function isGroup(entry: Entry): entry is Group {
  return "commands" in entry;
}
