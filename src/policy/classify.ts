/** Decides what a shell command may do: run at once, ask a person, or never run. In doubt it asks. */
import type { FloorRuleName } from "../protocol/exec-floor.ts";
import type { Step } from "../sandbox/spawn.ts";
import { type Bound, boundTo, type ProgramHashes, programFile } from "./bound-files.ts";
import type { CommandPattern, CommandPlan, CommandSite, Verdict } from "./command.ts";
import { patternOf } from "./command-pattern.ts";
import { floorRefusal } from "./floor.ts";
import { literalSteps } from "./literal-steps.ts";
import { refuseFiles } from "./operand-files.ts";
import { findProgram, trustedProgram } from "./program-path.ts";
import { readOnlyOperands } from "./read-only.ts";
import { namedWords, type Parsed } from "./shell-words.ts";

export interface ClassifyOptions extends CommandSite {
  /** The shell that runs what is not plain: its path and the arguments before the command. */
  readonly shell: readonly string[];
  /** The variables that the command will see. */
  readonly env: Readonly<Record<string, string>>;
  /** Kept from call to call. */
  readonly hashes: ProgramHashes;
}

/** A longer command cannot be judged by a person. */
const MAX_COMMAND = 64 * 1024;
/** A longer one is not a quick look. */
const MAX_ALLOWED = 4096;
/** Deeper ones take the parser long; they are judged as text. */
const MAX_NESTING = 16;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a person must be told of
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** Only a shell can run these: they change the shell itself, or are its grammar. */
const SHELL_BUILTINS: ReadonlySet<string> = new Set(
  `. : alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown enable eval exec
  exit export fc fg getopts hash help history jobs let local logout mapfile popd pushd read readarray readonly return set
  shift shopt source suspend times trap type typeset ulimit umask unalias unset wait`.split(/\s+/),
);

export async function classifyCommand(command: string, options: ClassifyOptions): Promise<Verdict> {
  const { cwd, env, shell } = options;
  const plan: CommandPlan = { mode: "shell", command, argv: [...shell, command], cwd, env };
  const deny = (reason: string, rule: FloorRuleName = "not_judgeable"): Verdict => ({
    tier: "deny",
    reason: `${reason} (rule "${rule}")`,
    plan,
    rule,
  });
  if (Buffer.byteLength(command) > MAX_COMMAND) return deny(`It is longer than ${MAX_COMMAND} bytes`);
  if (command.includes("\0")) return deny("It holds a NUL");
  if (command.trim() === "") return deny("It is empty");
  const parsed = await parseCommand(command);
  const floor = attempt(() => floorRefusal(command, options, parsed));
  // If the parser gave up on the way, the text still has to pass.
  const refused = floor ? floor.value : floorRefusal(command, options, undefined);
  if (refused) return deny(refused.reason, refused.rule);
  const judged = parsed && attempt(() => readOnlySteps(command, options, parsed));
  if (judged && "steps" in judged.value) {
    return {
      tier: "allow",
      reason: "It only looks, and only inside the workspace",
      plan: { mode: "argv", command, steps: judged.value.steps, cwd, env },
    };
  }
  const why = judged && "why" in judged.value ? judged.value.why : "It cannot be understood";
  const direct = parsed && attempt(() => directSteps(command, options, parsed))?.value;
  const named = parsed && attempt(() => namedWords(parsed))?.value;
  const bound = await boundTo(named ?? { words: new Set(), programs: new Set() }, options, options.hashes);
  return {
    tier: "ask",
    reason: why,
    plan: direct ? { mode: "argv", command, steps: direct, cwd, env, ...bound } : { ...plan, ...bound },
    pattern: direct ? patternFor(direct, bound, options) : null,
  };
}

/** One program that is not on the list still runs without a shell when it is all literal. */
function directSteps(command: string, site: CommandSite, { script }: Parsed): readonly Step[] | undefined {
  if (!PRINTABLE_ASCII.test(command)) return undefined;
  const literal = literalSteps(command, script);
  if ("why" in literal) return undefined;
  const steps: Step[] = [];
  for (const { when, pipeline } of literal.steps) {
    const programs: (readonly string[])[] = [];
    for (const [name = "", ...args] of pipeline) {
      const program = SHELL_BUILTINS.has(name) ? undefined : findProgram(name, site);
      if (program === undefined) return undefined;
      programs.push([program, ...args]);
    }
    steps.push({ when, pipeline: programs });
  }
  return steps;
}

function patternFor(steps: readonly Step[], { programs }: Bound, site: CommandSite): CommandPattern | null {
  const [argv, ...others] = steps.flatMap(({ pipeline }) => pipeline);
  if (!argv || others.length > 0) return null;
  const file = programFile(argv[0]!, site);
  return patternOf(
    argv,
    programs.find(({ path }) => path === file),
    site.workspace,
  );
}

/** Nothing when it cannot be parsed, or not in a short time. */
async function parseCommand(command: string): Promise<Parsed | undefined> {
  if (nesting(command) > MAX_NESTING) return undefined;
  const { parse, forEachChild } = await import("unbash");
  const script = attempt(() => parse(command));
  return script && { script: script.value, parse, forEachChild };
}

/** The most brackets that are open at once, quoted ones too. */
function nesting(command: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of command) {
    if (character === "(" || character === "{") deepest = Math.max(deepest, ++depth);
    else if (character === ")" || character === "}") depth = Math.max(0, depth - 1);
  }
  return deepest;
}

/** The command as programs that only look, by absolute path, or why it is not that. */
function readOnlySteps(
  command: string,
  site: CommandSite,
  { script }: Parsed,
): { readonly steps: readonly Step[] } | { readonly why: string } {
  if (INVISIBLE.test(command)) return { why: "It has characters that cannot be seen" };
  if (command.length > MAX_ALLOWED) return { why: "It is long" };
  if (!PRINTABLE_ASCII.test(command)) return { why: "It has more than one line, or characters other than plain ASCII" };
  const literal = literalSteps(command, script);
  if ("why" in literal) return { why: `Not a plain command: ${literal.why}` };
  const steps: Step[] = [];
  for (const { when, pipeline } of literal.steps) {
    const programs: (readonly string[])[] = [];
    for (const argv of pipeline) {
      const program = readOnlyProgram(argv, site);
      if ("why" in program) return program;
      programs.push(program.argv);
    }
    steps.push({ when, pipeline: programs });
  }
  return { steps };
}

function readOnlyProgram(
  argv: readonly string[],
  site: CommandSite,
): { readonly argv: readonly string[] } | { readonly why: string } {
  const operands = readOnlyOperands(argv);
  if ("why" in operands) return operands;
  const refused = refuseFiles(operands, site);
  if (refused) return { why: refused };
  const [name, ...args] = argv;
  const program = trustedProgram(name!, site);
  return program
    ? { argv: [program, ...args] }
    : { why: `Program "${name}" is not where only the system could have put it` };
}

function attempt<T>(work: () => T): { readonly value: T } | undefined {
  try {
    return { value: work() };
  } catch {
    // A judge that failed has allowed nothing: the caller goes on to the stricter answer.
    return undefined;
  }
}
