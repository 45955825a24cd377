/** Help for people: what commands there are, what one takes, with examples. Made from the commands themselves. */
import type { Argument, Arguments, Command, Entry, Group } from "./command.ts";
import type { Output } from "./terminal.ts";

const WIDEST = 100;

/** All commands. */
export function writeOverview(output: Output, program: string, entries: readonly (readonly [string, Entry])[]): void {
  const { bold } = output.style;
  output.write(`Aleph, a personal AI assistant that you host yourself\n\n`);
  output.write(`${bold("Usage:")} ${program} [command] [options]\n\n`);
  output.write(`${bold("Commands:")}\n`);
  writeRows(
    output,
    entries.map(([name, { summary }]) => [name, summary]),
  );
  output.write(`\n${bold("First steps:")}\n`);
  writeRows(output, [
    [`${program} wizard`, "choose a model and try it"],
    [`${program} chat`, "talk; works with and without a running server"],
    [`${program} serve`, "run the server and the web panel"],
  ]);
  output.write(`\n${bold("Exit codes:")}\n`);
  output.write(
    "  0 done, 1 failed, 2 wrong usage, 69 no server, 77 not allowed, 78 config not valid, 130 interrupted\n",
  );
  output.write(`\n"${program} COMMAND --help" tells more about a command.\n`);
}

/** The subcommands of a group. */
export function writeGroupHelp(output: Output, name: string, group: Group): void {
  const { bold } = output.style;
  output.write(
    `${group.summary}\n\n${bold("Usage:")} ${name} ${group.fallback ? "[command]" : "<command>"} [options]\n\n`,
  );
  if (group.details) output.write(`${fill(group.details, output)}\n\n`);
  output.write(`${bold("Commands:")}\n`);
  const rows = Object.entries(group.commands).map(
    ([own, { summary, args }]) => [usageOf(own, args, false), summary] as const,
  );
  writeRows(output, rows);
  if (group.fallback) output.write(`\nWithout a command: ${group.fallback}.\n`);
}

/** One command with all that it takes. */
export function writeCommandHelp(output: Output, name: string, program: string, command: Command): void {
  const { bold } = output.style;
  const { summary, details, args, examples } = command;
  output.write(`${summary}\n\n${bold("Usage:")} ${usageOf(name, args, true)}\n`);
  if (details) output.write(`\n${fill(details, output)}\n`);
  const rowsOf = (positional: boolean) =>
    Object.entries(args)
      .filter(([, { type }]) => (type === "positional") === positional)
      .map(
        ([own, argument]) =>
          [positional ? own.toUpperCase() : optionWords(own, argument), describeArgument(argument)] as const,
      );
  for (const [title, rows] of [
    ["Arguments:", rowsOf(true)],
    ["Options:", [...rowsOf(false), ["-h, --help", "show this help"] as const]],
  ] as const) {
    if (rows.length === 0) continue;
    output.write(`\n${bold(title)}\n`);
    writeRows(output, rows);
  }
  if (!examples) return;
  output.write(`\n${bold("Examples:")}\n`);
  for (const [line, what] of examples)
    output.write(
      `  ${line.replace(/(^|[|(] ?)aleph /g, `$1${program} `)}\n${" ".repeat(6)}${output.style.dim(what)}\n`,
    );
}

/** `aleph sessions show [options] KEY`. */
export function usageOf(name: string, args: Arguments, withOptions: boolean): string {
  const places = Object.entries(args).flatMap(([own, { type, required, rest }]) => {
    if (type !== "positional") return [];
    const word = `${own.toUpperCase()}${rest ? "..." : ""}`;
    return [required === false ? `[${word}]` : word];
  });
  return [name, ...(withOptions ? ["[options]"] : []), ...places].join(" ");
}

/** `-o, --output FILE`. */
export function optionWords(name: string, { type, alias, valueHint, ...rest }: Argument): string {
  const shorts = [alias ?? []].flat().map((short) => `-${short}, `);
  const choices = type === "enum" && "options" in rest ? rest.options?.join("|") : undefined;
  const value = type === "boolean" ? "" : ` ${choices ?? (valueHint ?? "value").toUpperCase()}`;
  return `${shorts.join("")}--${name}${value}`;
}

/** What it is, whether it may be repeated, and what counts when it is left out. */
export function describeArgument({ description = "", repeatable, default: preset }: Argument): string {
  const notes = [repeatable ? "may be repeated" : "", preset === undefined ? "" : `default ${preset}`].filter(Boolean);
  return notes.length > 0 ? `${description} (${notes.join(", ")})` : description;
}

/** Two columns; the second one is wrapped to the terminal's width, the first one gets a line of its own when it is long. */
function writeRows(output: Output, rows: readonly (readonly [string, string])[]): void {
  const longest = 28;
  const left = Math.min(longest, Math.max(...rows.map(([name]) => name.length)));
  const width = Math.max(20, Math.min(output.width ?? WIDEST, WIDEST) - left - 5);
  for (const [name, text] of rows) {
    const [first = "", ...more] = wrap(text, width);
    const indent = " ".repeat(left + 4);
    if (name.length > left) output.write(`  ${output.style.cyan(name)}\n${indent}${first}\n`);
    else output.write(`  ${output.style.cyan(name)}${" ".repeat(left - name.length)}  ${first}\n`);
    for (const line of more) output.write(`${indent}${line}\n`);
  }
}

function fill(text: string, output: Output): string {
  const width = Math.min(output.width ?? WIDEST, WIDEST);
  return text
    .split("\n")
    .flatMap((line) => wrap(line, width))
    .join("\n");
}

/** Lines of at most `width` characters; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
