/** The completion script for bash; needs nothing but bash 3.2. */
import { type CommandSpec, isAsked, type Values } from "./spec.ts";

export function bashScript(commands: readonly CommandSpec[]): string {
  const takingValue = [
    ...new Set(commands.flatMap(({ options }) => options.flatMap(({ names, values }) => (values ? names : [])))),
  ];
  const steps = commands.filter(({ path }) => path.length > 0).map(({ path }) => quote(path.join(" ")));
  return `# Completion of aleph for bash. Load it with: source <(aleph completions bash)
_aleph() {
  local line="\${COMP_LINE:0:COMP_POINT}" path="" place=0 previous="" i word cur
  local -a words
  read -r -a words <<<"$line"
  # Words are split at white space here, not at the colons of a session key.
  if [[ "$line" == *[[:space:]] ]]; then cur=""; else cur="\${words[\${#words[@]}-1]}"; unset "words[\${#words[@]}-1]"; fi
  for ((i = 1; i < \${#words[@]}; i++)); do
    word="\${words[i]}"
    previous=""
    case "$word" in
      ${takingValue.join(" | ")}) if ((i + 1 < \${#words[@]})); then i=$((i + 1)); else previous="$word"; fi ;;
      -*) ;;
      *)
        case "\${path:+$path }$word" in
          ${steps.join(" | ")}) path="\${path:+$path }$word" ;;
          *) place=$((place + 1)) ;;
        esac
        ;;
    esac
  done
  if [[ "$cur" == --*=* ]]; then previous="\${cur%%=*}"; _aleph_prefix="$previous="; cur="\${cur#*=}"; else _aleph_prefix=""; fi
  COMPREPLY=()
  case "$path" in
${commands.map(commandCase).join("\n")}
  esac
}

_aleph_words() {
  local IFS=$'\\n' cur="$1" typed="$_aleph_prefix$1" reply cut=""
  # Readline replaces only what stands behind the last colon or equals sign.
  if [[ "$COMP_WORDBREAKS" == *:* && "$cur" == *:* ]]; then cut="\${cur%"\${cur##*:}"}"; fi
  if [[ -n "$_aleph_prefix" && "$COMP_WORDBREAKS" != *=* ]]; then cut=""; fi
  COMPREPLY=()
  for reply in $2; do
    if [[ "$reply" == "$cur"* ]]; then
      reply="\${reply#"$cut"}"
      if [[ -n "$_aleph_prefix" && "$COMP_WORDBREAKS" != *=* ]]; then reply="$_aleph_prefix$reply"; fi
      COMPREPLY+=("$reply")
    fi
  done
}

_aleph_values() {
  _aleph_words "$1" "$("\${COMP_WORDS[0]}" completions --values "$2" 2>/dev/null)"
}

_aleph_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$2" -- "$1"))
}

complete -F _aleph aleph aleph-server
`;
}

function commandCase({ path, below, options, places }: CommandSpec): string {
  const valued = options.filter(({ values }) => values !== undefined);
  const arms = valued.map(({ names, values }) => `        ${names.join(" | ")}) ${complete(values!)}; return ;;`);
  const byOption = arms.length === 0 ? "" : `      case "$previous" in\n${arms.join("\n")}\n      esac\n`;
  const flags = options.flatMap(({ names }) => names.filter((name) => name.startsWith("--")));
  const byPlace = places.map((values, at) => `        ${at}) ${complete(values)} ;;`);
  const words =
    below.length > 0
      ? `      ${complete(below.map(({ name }) => name))}`
      : byPlace.length > 0
        ? `      case "$place" in\n${byPlace.join("\n")}\n      esac`
        : "      :";
  return `    ${quote(path.join(" "))})
${byOption}      if [[ "$cur" == -* ]]; then ${complete(flags)}; return; fi
${words}
      ;;`;
}

function complete(values: Values): string {
  if (values === "any") return ":";
  if (values === "file") return '_aleph_files "$cur" -f';
  if (values === "folder") return '_aleph_files "$cur" -d';
  if (isAsked(values)) return `_aleph_values "$cur" ${values}`;
  return `_aleph_words "$cur" $'${values.join("\\n")}'`;
}

function quote(text: string): string {
  return `"${text}"`;
}
