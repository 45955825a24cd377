/** What a shell needs to know of the commands, taken from their definitions. */
import type { Argument, Arguments, Command, Completion, Entry } from "../command.ts";
import { isGroup } from "../command.ts";

/** What may stand in a place: words, files, something to ask for, or anything. */
export type Values = readonly string[] | Completion | "any";

export interface OptionSpec {
  /** `--name`, and `-n` where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  /** Nothing for a switch. */
  readonly values?: Values;
}

export interface CommandSpec {
  /** `["sessions", "list"]`; empty for the program itself. */
  readonly path: readonly string[];
  readonly summary: string;
  /** The words that may follow. */
  readonly below: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly OptionSpec[];
  readonly places: readonly Values[];
}

const HELP: OptionSpec = { names: ["--help", "-h"], description: "show help" };

export function specOf(entries: readonly (readonly [string, Entry])[]): readonly CommandSpec[] {
  const top: CommandSpec = {
    path: [],
    summary: "",
    below: [...entries.map(([name, { summary }]) => ({ name, summary })), { name: "help", summary: "Show help" }],
    options: [HELP, { names: ["--version"], description: "print the version" }],
    places: [],
  };
  return [top, ...entries.flatMap(([name, entry]) => entrySpecs([name], entry))];
}

function entrySpecs(path: readonly string[], entry: Entry): CommandSpec[] {
  if (!isGroup(entry)) return [commandSpec(path, entry)];
  const below = Object.entries(entry.commands).map(([name, { summary }]) => ({ name, summary }));
  const fallback = entry.fallback === undefined ? undefined : entry.commands[entry.fallback];
  const group = {
    path,
    summary: entry.summary,
    below,
    options: [...(fallback ? optionsOf(fallback.args) : []), HELP],
    places: [],
  };
  return [group, ...Object.entries(entry.commands).map(([name, command]) => commandSpec([...path, name], command))];
}

function commandSpec(path: readonly string[], { summary, args }: Command): CommandSpec {
  const places = Object.values(args)
    .filter(({ type }) => type === "positional")
    .map((argument) => argument.completion ?? "any");
  return { path, summary, below: [], options: [...optionsOf(args), HELP], places };
}

function optionsOf(args: Arguments): OptionSpec[] {
  return Object.entries(args)
    .filter(([, { type }]) => type !== "positional")
    .map(([name, argument]) => ({
      names: [`--${name}`, ...[argument.alias ?? []].flat().map((short) => `-${short}`)],
      description: argument.description ?? "",
      ...(argument.type === "boolean" ? {} : { values: valuesOf(argument) }),
    }));
}

function valuesOf(argument: Argument): Values {
  if (argument.type === "enum" && "options" in argument && argument.options) return argument.options;
  return argument.completion ?? "any";
}

/** Kinds whose values the program itself lists: `completions --values sessions`. */
export function isAsked(values: Values): values is Exclude<Completion, "file" | "folder"> {
  return typeof values === "string" && values !== "any" && values !== "file" && values !== "folder";
}
