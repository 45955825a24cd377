/**
 * What is refused whatever anybody says: ruin of the machine, more rights, Aleph's own state. A floor, not a sandbox:
 * what slips through here has not been allowed, it still asks a person.
 */
import type { FloorRuleName } from "../protocol/exec-floor.ts";
import type { CommandSite } from "./command.ts";
import { guardedMention, metadataMention } from "./floor-mentions.ts";
import { FLOOR_RULES } from "./floor-rules.ts";
import {
  bombsIn,
  type Invocation,
  type Parsed,
  parsedInvocations,
  programName,
  readings,
  textInvocations,
} from "./shell-words.ts";

/** Programs that run another one, given among their arguments. */
const WRAPPERS = new Set(
  "env nohup nice ionice chrt taskset timeout command exec builtin eval xargs busybox toybox time stdbuf setsid chroot unshare nsenter strace ltrace watch script parallel flock systemd-run sudo doas pkexec runuser gosu su sh bash dash zsh ksh ash fish trap caffeinate firejail".split(
    " ",
  ),
);
const MAX_CANDIDATES = 32;
/** Words of the shell's grammar that stand before a command. */
const KEYWORDS = new Set(["if", "then", "elif", "else", "while", "until", "do", "!", "coproc", "function"]);
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;

export interface FloorRefusal {
  readonly rule: FloorRuleName;
  readonly reason: string;
}

/** Why the line is refused; nothing when it is not. `parsed` is left out when it cannot be parsed. */
export function floorRefusal(command: string, site: CommandSite, parsed: Parsed | undefined): FloorRefusal | undefined {
  const lifted: ReadonlySet<FloorRuleName> = new Set(site.lifted);
  const texts = readings(command);
  const invocations = [...(parsed ? parsedInvocations(parsed) : []), ...texts.flatMap(textInvocations)];
  const words = new Set(invocations.flatMap(({ words, writes }) => [...words, ...writes]));
  // First what nothing lifts, so that a rule that was lifted cannot hide it.
  const own = guardedMention(words, texts, site);
  if (own) return { rule: "own_files", reason: own };
  for (const invocation of invocations) {
    const refusal = refuseInvocation(invocation, site, lifted);
    if (refusal) return refusal;
  }
  if (!lifted.has("fork_bomb") && ((parsed && bombsIn(parsed).length > 0) || texts.some(isBombText))) {
    return { rule: "fork_bomb", reason: "It is a fork bomb" };
  }
  const metadata = lifted.has("metadata") ? undefined : metadataMention(new Set([...words, ...(site.network ?? [])]));
  return metadata === undefined ? undefined : { rule: "metadata", reason: metadata };
}

function refuseInvocation(
  { words, writes }: Invocation,
  site: CommandSite,
  lifted: ReadonlySet<FloorRuleName>,
): FloorRefusal | undefined {
  const found = candidates(words);
  if (found.length >= MAX_CANDIDATES) {
    return { rule: "not_judgeable", reason: "It wraps commands in commands too often to be judged" };
  }
  for (const [program, ...args] of found) {
    const name = programName(program!);
    for (const { name: rule, refuse } of FLOOR_RULES) {
      const reason = lifted.has(rule) ? undefined : refuse({ name, args, writes, site });
      if (reason) return { rule, reason };
    }
  }
  return undefined;
}

/** The command itself, and what its wrappers would run. */
function candidates(words: readonly string[]): (readonly string[])[] {
  const start = words.findIndex((word) => !KEYWORDS.has(word) && !ASSIGNMENT.test(word));
  if (start === -1) return [];
  const found: (readonly string[])[] = [words.slice(start)];
  // Each of them may be a wrapper in its turn.
  for (let at = 0; at < found.length && found.length < MAX_CANDIDATES; at++) {
    const [program = "", ...args] = found[at]!;
    if (!WRAPPERS.has(programName(program)) || /^-[vV]$/.test(args[0] ?? "")) continue;
    const next = args.findIndex((word) => !isSkipped(word));
    if (next === -1) continue;
    found.push(args.slice(next));
    // The word after an option may be its value; then the program comes next.
    if (next > 0 && next + 1 < args.length) found.push(args.slice(next + 1));
  }
  const exec = words.findIndex((word) => /^-(?:exec|execdir|ok|okdir)$/.test(word));
  if (exec !== -1 && exec + 1 < words.length) found.push(words.slice(exec + 1));
  return found;
}

/** What a wrapper takes before the command that it runs. */
function isSkipped(word: string): boolean {
  return word.startsWith("-") || ASSIGNMENT.test(word) || /^\d+(?:\.\d+)?[smhd]?$/.test(word);
}

/** `name(){ name|name& };name` in any spelling. */
function isBombText(text: string): boolean {
  return /([\w:.-]{1,64})\(\)\{\1\|\1&?;?\}/.test(text.replace(/\s+/g, ""));
}
