/** The completion script for zsh. */
import { shellQuote } from "../../lib/shell-quote.ts";
import { type CommandSpec, isAsked, type OptionSpec, type Values } from "./spec.ts";

export function zshScript(commands: readonly CommandSpec[]): string {
  return `#compdef aleph aleph-server
# Completion of aleph for zsh. Put it as _aleph into a folder of $fpath, or: source <(aleph completions zsh)

_aleph_values() {
  local -a found
  # What _arguments puts before our own word is for compadd.
  found=(\${(f)"$(_call_program values $words_of_line[1] completions --values $argv[-1] 2>/dev/null)"})
  compadd "\${@[1,-2]}" -a found
}

${commands.map(commandFunction).join("\n\n")}

_aleph() {
  local -a words_of_line
  words_of_line=($words)
  _aleph_at_
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _aleph "$@"; else compdef _aleph aleph aleph-server; fi
`;
}

function functionName(path: readonly string[]): string {
  return `_aleph_at_${path.join("_")}`;
}

function commandFunction({ path, below, options, places }: CommandSpec): string {
  const specs = options.flatMap(optionSpecs);
  if (below.length === 0) {
    const rest = places.map((values, at) => shellQuote(`${at + 1}::${placeName(values)}:${action(values)}`));
    return `${functionName(path)}() {\n  _arguments -s ${[...specs, ...rest].join(" \\\n    ")}\n}`;
  }
  const names = below.map(({ name, summary }) => `    ${shellQuote(`${name}:${summary}`)}`);
  const arms = below
    .filter(({ name }) => name !== "help")
    .map(({ name }) => `        ${name}) ${functionName([...path, name])} ;;`);
  return `${functionName(path)}() {
  local state line
  local -a commands
  commands=(
${names.join("\n")}
  )
  _arguments -s -C ${[...specs, "'1:command:->command'", "'*::argument:->argument'"].join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${arms.join("\n")}
      esac
      ;;
  esac
}`;
}

function optionSpecs({ names, description, values }: OptionSpec): string[] {
  const told = description.replace(/[[\]:\\]/g, (found) => `\\${found}`);
  const value = values === undefined ? "" : `:${placeName(values)}:${action(values)}`;
  return names.map((name) =>
    shellQuote(`${name}${values !== undefined && name.startsWith("--") ? "=" : ""}[${told}]${value}`),
  );
}

function placeName(values: Values): string {
  return typeof values === "string" ? values : "value";
}

function action(values: Values): string {
  if (values === "any") return " ";
  if (values === "file") return "_files";
  if (values === "folder") return "_files -/";
  if (isAsked(values)) return `_aleph_values ${values}`;
  return `(${values.join(" ")})`;
}
