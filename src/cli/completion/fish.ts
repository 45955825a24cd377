/** The completion script for fish. */
import { type CommandSpec, isAsked, type Values } from "./spec.ts";

export function fishScript(commands: readonly CommandSpec[]): string {
  const paths = commands.filter(({ path }) => path.length > 0).map(({ path }) => quote(path.join(" ")));
  const lines = ["aleph", "aleph-server"].flatMap((program) => [
    `complete -c ${program} -f`,
    ...commands.flatMap((command) => commandLines(program, command)),
  ]);
  return `# Completion of aleph for fish. Save it as ~/.config/fish/completions/aleph.fish, or: aleph completions fish | source
function __aleph_path
    set -l path ""
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and continue
        set -l longer (string trim -- "$path $word")
        if contains -- $longer ${paths.join(" ")}
            set path $longer
        end
    end
    echo $path
end

function __aleph_at
    test (__aleph_path) = "$argv"
end

function __aleph_values
    set -l program (commandline -opc)[1]
    $program completions --values $argv[1] 2>/dev/null
end

${lines.join("\n")}
`;
}

function commandLines(program: string, { path, below, options, places }: CommandSpec): string[] {
  const at = `-n ${quote(`__aleph_at ${path.length === 0 ? '""' : path.join(" ")}`)}`;
  const words = below.map(({ name, summary }) => `complete -c ${program} ${at} -a ${name} -d ${quote(summary)}`);
  const own = options.map(({ names, description, values }) => {
    const spelled = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
    const value = values === undefined ? "" : ` ${values === "file" ? "-r" : "-x"}${valueFlag(values)}`;
    return `complete -c ${program} ${at} ${spelled.join(" ")}${value} -d ${quote(description)}`;
  });
  const place = places.flatMap((values) => {
    const flag = valueFlag(values);
    return flag === "" ? [] : [`complete -c ${program} ${at}${flag}`];
  });
  return [...words, ...own, ...place];
}

function valueFlag(values: Values): string {
  if (values === "any") return "";
  if (values === "file") return " -F";
  if (values === "folder") return ` -a "(__fish_complete_directories)"`;
  if (isAsked(values)) return ` -a "(__aleph_values ${values})"`;
  return ` -a ${quote(values.join(" "))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
