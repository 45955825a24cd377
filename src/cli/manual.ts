/** The manual page, made from the commands themselves: `aleph help --man`. */
import { VERSION } from "../lib/version.ts";
import { type Command, type Entry, isGroup } from "./command.ts";
import { ENVIRONMENT, FILES } from "./environment-words.ts";
import { EXIT, EXIT_MEANINGS } from "./exit-codes.ts";
import { SHARED_FLAGS } from "./flags.ts";
import { describeArgument, optionWords, usageOf, wrap } from "./help.ts";

/** Before escapes: the source is to be read in a terminal, too. */
const WIDTH = 66;

/** In the man(7) language, for man, groff and mandoc. `date` is the day of the page. */
export function renderManual(entries: readonly (readonly [string, Entry])[], date: Date): string {
  const lines = [
    `.TH ALEPH 1 ${date.toISOString().slice(0, 10)} ${quoted(`Aleph ${VERSION}`)} "User Commands"`,
    // Long words in even margins leave holes.
    ".ad l",
    ".SH NAME",
    text("aleph, aleph-server - a personal AI assistant that you host yourself"),
    ".SH SYNOPSIS",
    ".B aleph",
    ".RI [ command ]",
    ".RI [ options ]",
    ".SH DESCRIPTION",
    text(
      "Talks to a running server, or where none runs does the work in its own process on the same home. Called as aleph-server without a command it runs the server.",
    ),
    ".SH OPTIONS",
    text("These nearly every command takes; what else it takes stands with it."),
    ...Object.entries(SHARED_FLAGS).flatMap(([name, flag]) => item(optionWords(name, flag), describeArgument(flag))),
    ".SH COMMANDS",
    ...entries.flatMap(([name, entry]) => entryLines(name, entry)),
    ".SH EXIT STATUS",
    ...Object.entries(EXIT).flatMap(([name, code]) => item(String(code), EXIT_MEANINGS[name as keyof typeof EXIT])),
    ".SH ENVIRONMENT",
    ...Object.entries(ENVIRONMENT).flatMap(([name, meaning]) => item(name, meaning)),
    ".SH FILES",
    ...Object.entries(FILES).flatMap(([name, meaning]) => item(name, meaning)),
  ];
  return `${lines.join("\n")}\n`;
}

function entryLines(name: string, entry: Entry): readonly string[] {
  if (!isGroup(entry)) return commandLines(name, entry);
  const told = [`.SS ${quoted(`aleph ${name}`)}`, text(`${entry.summary}.`)];
  if (entry.fallback !== undefined) told.push(text(`Without a command: ${entry.fallback}.`));
  if (entry.details) told.push(".PP", text(entry.details));
  return [
    ...told,
    ...Object.entries(entry.commands).flatMap(([own, command]) => commandLines(`${name} ${own}`, command)),
  ];
}

function commandLines(path: string, { summary, details, args, examples = [] }: Command): readonly string[] {
  const lines = [`.SS ${quoted(usageOf(`aleph ${path}`, args, true))}`, text(`${summary}.`)];
  if (details) lines.push(".PP", text(details));
  for (const [name, argument] of Object.entries(args)) {
    if (SHARED_FLAGS[name] === argument) continue;
    lines.push(
      ...item(
        argument.type === "positional" ? name.toUpperCase() : optionWords(name, argument),
        describeArgument(argument),
      ),
    );
  }
  if (examples.length > 0) lines.push(".PP", "Examples:");
  for (const [line, what] of examples) lines.push(...item(line, what));
  return lines;
}

function item(head: string, told: string): readonly string[] {
  return [".TP", `.B ${quoted(head)}`, text(told === "" ? head : told)];
}

/** A line of text: none of it is taken for a request or an escape. */
function text(plain: string): string {
  return plain
    .split("\n")
    .flatMap((line) => wrap(line.trim(), WIDTH))
    .map((line) => escaped(line).replace(/^(?=[.'])/, "\\&"))
    .join("\n");
}

function quoted(plain: string): string {
  return `"${escaped(plain).replaceAll('"', "\\(dq")}"`;
}

function escaped(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}
