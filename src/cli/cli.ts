/** From the words of a command line to a command that runs, and from its end to an exit code. */

import { readEnvironment } from "../config/environment.ts";
import { nearest } from "../lib/nearest.ts";
import { allEntries } from "./all-entries.ts";
import type { Arguments, Command, Entry, Group, Invocation } from "./command.ts";
import { isGroup } from "./command.ts";
import { commands } from "./commands/index.ts";
import { EXIT } from "./exit-codes.ts";
import { usageError, writeFailure } from "./failure.ts";
import { jsonFlag, serverFlags } from "./flags.ts";
import { checkWords, findWord } from "./parse.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

export interface CommandLine {
  /** `aleph` or `aleph-server`: what help and messages call it. */
  readonly program: string;
  /** The command that options without a command are meant for. */
  readonly fallback: "chat" | "serve";
  readonly words: readonly string[];
}

/** Runs one command line to its end and answers with the exit code. Never throws. */
export async function runCommandLine(line: CommandLine): Promise<number> {
  const env = readEnvironment();
  const terminal = openTerminal(env);
  try {
    return await run(line, { env, terminal });
  } catch (thrown) {
    return writeFailure(terminal, thrown, { json: wantsJson(line.words) });
  }
}

type Base = Pick<Invocation, "env" | "terminal">;

async function run(line: CommandLine, base: Base): Promise<number> {
  const { program, words } = line;
  const { terminal } = base;
  if (words.length === 0 && line.fallback === "chat" && !terminal.interactive) return overview(terminal, program);
  if (words[0] === "--version" || words[0] === "-v") {
    return run({ ...line, words: ["version", ...words.slice(1)] }, base);
  }
  const [first = ""] = words;
  // Options before the command may be those of the command that is meant without its name.
  const fallback = isCommand(first) ? undefined : await commands[line.fallback]();
  const before = fallback && !isGroup(fallback) ? { ...jsonFlag, ...serverFlags, ...fallback.args } : serverFlags;
  const at = findWord(words, before);
  const name = at < 0 ? undefined : words[at]!;
  if (name === "help") {
    if (words.includes("--man")) return manual(terminal);
    return help(
      program,
      without(words, at).filter((word) => !word.startsWith("-")),
      terminal,
    );
  }
  if (name === undefined) {
    if (wantsHelp(words)) return overview(terminal, program);
    const meant = await bareCommand(line, base);
    return runEntry(await commands[meant](), [program, meant], words, line, base);
  }
  if (!isCommand(name)) {
    // The first thing that is wrong is what is told.
    checkWords(words.slice(0, at), before, program);
    const message =
      line.fallback === "chat" ? `To say it to the agent: ${program} chat ${JSON.stringify(name)}` : undefined;
    throw unknownCommand(name, program, Object.keys(commands), message);
  }
  return runEntry(await commands[name](), [program, name], without(words, at), line, base);
}

/** On a terminal that can show it this is the terminal interface; options that it does not have are meant for chat. */
async function bareCommand({ fallback, words }: CommandLine, { terminal, env }: Base): Promise<keyof typeof commands> {
  const { out, input } = terminal;
  if (fallback !== "chat" || !out.isTerminal || !input.isTTY || !env.term || env.term === "dumb") return fallback;
  const tui = await commands.tui();
  try {
    checkWords(words, isGroup(tui) ? {} : tui.args, "tui");
    return "tui";
  } catch {
    // Chat takes them, or says what is wrong.
    return fallback;
  }
}

async function runEntry(
  entry: Entry,
  path: readonly string[],
  words: readonly string[],
  line: CommandLine,
  base: Base,
): Promise<number> {
  if (isGroup(entry)) return runGroup(entry, path, words, line, base);
  const name = path.join(" ");
  if (wantsHelp(words)) {
    const { writeCommandHelp } = await import("./help.ts");
    writeCommandHelp(base.terminal.out, name, line.program, entry);
    return EXIT.ok;
  }
  const values = checkWords(words, entry.args, name);
  const invocation: Invocation = { ...base, program: line.program, all: (option) => values.get(option) ?? [] };
  const { runCommand } = await import("citty");
  const { result } = await runCommand(entry.definition, { rawArgs: [...words], data: invocation });
  return typeof result === "number" ? result : EXIT.ok;
}

async function runGroup(
  group: Group,
  path: readonly string[],
  words: readonly string[],
  line: CommandLine,
  base: Base,
): Promise<number> {
  const all = Object.assign({}, serverFlags, ...Object.values(group.commands).map(({ args }) => args)) as Arguments;
  const at = findWord(words, all);
  const word = at < 0 ? undefined : words[at];
  if (word === undefined && (wantsHelp(words) || group.fallback === undefined)) {
    const { writeGroupHelp } = await import("./help.ts");
    const asked = wantsHelp(words);
    writeGroupHelp(asked ? base.terminal.out : base.terminal.err, path.join(" "), group);
    return asked ? EXIT.ok : EXIT.usage;
  }
  const name = word ?? group.fallback ?? "";
  const command = Object.hasOwn(group.commands, name) ? group.commands[name] : undefined;
  if (!command) throw unknownCommand(name, path.join(" "), Object.keys(group.commands));
  return runEntry(command, [...path, name], without(words, at), line, base);
}

async function help(program: string, path: readonly string[], terminal: Terminal): Promise<number> {
  const [name, below] = path;
  if (name === undefined) return overview(terminal, program);
  if (!isCommand(name)) throw unknownCommand(name, program);
  const entry = await commands[name]();
  const { writeCommandHelp, writeGroupHelp } = await import("./help.ts");
  const full = `${program} ${name}`;
  if (!isGroup(entry)) writeCommandHelp(terminal.out, full, program, entry);
  else if (below === undefined) writeGroupHelp(terminal.out, full, entry);
  else {
    const command: Command | undefined = entry.commands[below];
    if (!command) throw unknownCommand(below, full, Object.keys(entry.commands));
    writeCommandHelp(terminal.out, `${full} ${below}`, program, command);
  }
  return EXIT.ok;
}

async function manual(terminal: Terminal): Promise<number> {
  const { renderManual } = await import("./manual.ts");
  terminal.out.write(renderManual(await allEntries(), new Date()));
  return EXIT.ok;
}

async function overview(terminal: Terminal, program: string): Promise<number> {
  const { writeOverview } = await import("./help.ts");
  writeOverview(terminal.out, program, await allEntries());
  return EXIT.ok;
}

function unknownCommand(
  name: string,
  parent: string,
  known: readonly string[] = Object.keys(commands),
  otherwise = `"${parent} --help" lists the commands`,
): Error {
  const meant = nearest(name, known);
  const hint = meant ? `Did you mean "${parent} ${meant}"?` : otherwise;
  return usageError(`Unknown command ${JSON.stringify(name)}`, hint);
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}

/** `at` -1 leaves them as they are. */
function without(words: readonly string[], at: number): readonly string[] {
  return words.filter((_, index) => index !== at);
}

function optionsOf(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

function wantsHelp(words: readonly string[]): boolean {
  return optionsOf(words).some((word) => word === "--help" || word === "-h");
}

function wantsJson(words: readonly string[]): boolean {
  return optionsOf(words).includes("--json");
}
