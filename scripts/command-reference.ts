/** The page of all commands, made from the commands themselves. */
import { allEntries } from "../src/cli/all-entries.ts";
import { type Arguments, type Command, type Entry, isGroup } from "../src/cli/command.ts";
import { ENVIRONMENT, FILES } from "../src/cli/environment-words.ts";
import { EXIT, EXIT_MEANINGS } from "../src/cli/exit-codes.ts";
import { SHARED_FLAGS } from "../src/cli/flags.ts";
import { describeArgument, optionWords, usageOf } from "../src/cli/help.ts";

export async function renderCommands(): Promise<string> {
  const sections = (await allEntries()).map(([name, entry]) => section(name, entry));
  const codes = Object.entries(EXIT).map(([name, code]) => `| ${code} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`);
  return `${HEAD}
${options(SHARED_FLAGS)}

## Exit codes

| code | |
|---|---|
${codes.join("\n")}

## Environment

${rows(ENVIRONMENT)}

## Files

${rows(FILES)}

${sections.join("\n")}`;
}

function section(name: string, entry: Entry): string {
  const title = `## ${name}\n\n`;
  if (!isGroup(entry)) return `${title}${command(`aleph ${name}`, entry)}`;
  const fallback = entry.fallback === undefined ? "" : ` Without a command: \`${entry.fallback}\`.`;
  const told = entry.details ? `\n\n${safe(entry.details)}` : "";
  const below = Object.entries(entry.commands).map(
    ([own, each]) => `### ${name} ${own}\n\n${command(`aleph ${name} ${own}`, each)}`,
  );
  return `${title}${safe(entry.summary)}.${fallback}${told}\n\n${below.join("\n")}`;
}

function command(path: string, { summary, details, args, examples = [] }: Command): string {
  const own = Object.fromEntries(Object.entries(args).filter(([name, argument]) => SHARED_FLAGS[name] !== argument));
  const parts = [`${safe(summary)}.`, `    ${usageOf(path, args, true)}`];
  if (details) parts.push(safe(details));
  if (Object.keys(own).length > 0) parts.push(options(own));
  if (!Object.hasOwn(args, "json")) parts.push("No `--json`.");
  if (examples.length > 0) {
    const width = Math.max(...examples.map(([line]) => line.length));
    parts.push(["```sh", ...examples.map(([line, what]) => `${line.padEnd(width)}  # ${what}`), "```"].join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

function options(args: Arguments): string {
  return Object.entries(args)
    .map(([name, argument]) => {
      const word = argument.type === "positional" ? name.toUpperCase() : optionWords(name, argument);
      return `- \`${word}\`: ${safe(describeArgument(argument))}`;
    })
    .join("\n");
}

function rows(table: Readonly<Record<string, string>>): string {
  return Object.entries(table)
    .map(([name, meaning]) => `- \`${name}\`: ${safe(meaning)}`)
    .join("\n");
}

/** Words, of which Markdown makes nothing else. */
function safe(text: string): string {
  return text.replace(/[<*]/g, "\\$&");
}

const HEAD = `# The command line

Made from the commands by \`bun scripts/reference.ts\`; do not edit. \`aleph help COMMAND\` tells the same on a terminal, and
\`aleph help --man\` prints it as a manual page.

Commands talk to the server that runs; where none runs, most of them do the work in their own process on the same home. Results
go to standard output and everything else to standard error, so that a pipe gets the result alone. Tables are cut to the
width of a terminal and never on a pipe. With \`--json\` the result is JSON; a failure is then a line \`{"error": {"reason",
"message", "hint"}}\` as well.

These options nearly every command takes:
`;
