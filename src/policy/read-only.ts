/** Judges one program with its arguments: does it only look, and only at what it may? */
import { type Operands, type Program, READ_ONLY_PROGRAMS, type Seen } from "./read-only-programs.ts";

/** The operands of a call that only looks, or why it does not. */
export function readOnlyOperands([name, ...args]: readonly string[]): Operands | { readonly why: string } {
  const program = Object.hasOwn(READ_ONLY_PROGRAMS, name ?? "") ? READ_ONLY_PROGRAMS[name!] : undefined;
  if (!program) return { why: `"${name}" is not one of the programs that only look` };
  const parsed = program.textOnly ? { operands: args, seen: new Set<string>() } : splitOptions(program, args);
  if ("why" in parsed) return { why: `"${name}" with ${parsed.why}` };
  return (
    program.operands(parsed.operands, parsed.seen) ?? { why: `"${name}" with these arguments may do more than look` }
  );
}

function splitOptions(
  program: Program,
  args: readonly string[],
): { readonly operands: readonly string[]; readonly seen: Seen } | { readonly why: string } {
  const seen = new Set<string>();
  for (let at = 0; at < args.length; ) {
    const arg = args[at]!;
    if (arg === "--") return rest(args.slice(at + 1), seen);
    if (!arg.startsWith("-") || arg === "-") return checkedRest(args.slice(at), seen);
    const taken = takeOption(program, arg, args[at + 1], seen);
    if (taken === 0) return { why: `option "${arg}" may do more than look` };
    at += taken;
  }
  return rest([], seen);
}

/** How many tokens the option takes; 0 when it is not allowed. */
function takeOption(
  { flags = "", long = [], valued = {}, other }: Program,
  arg: string,
  next: string | undefined,
  seen: Set<string>,
): number {
  if (long.includes(arg)) {
    seen.add(arg);
    return 1;
  }
  const equals = arg.startsWith("--") ? arg.indexOf("=") : 2;
  const name = equals === -1 ? arg : arg.slice(0, equals);
  const shape = Object.hasOwn(valued, name) ? valued[name] : undefined;
  if (shape) {
    seen.add(name);
    const attached = arg.length > name.length;
    const value = attached ? arg.slice(name.startsWith("--") ? equals + 1 : 2) : next;
    if (value === undefined || !shape.test(value)) return 0;
    return attached ? 1 : 2;
  }
  if (other?.test(arg)) return 1;
  if (arg.startsWith("--")) return 0;
  const letters = [...arg.slice(1)];
  for (const letter of letters) seen.add(`-${letter}`);
  return letters.every((letter) => flags.includes(letter)) ? 1 : 0;
}

function rest(operands: readonly string[], seen: Seen) {
  return { operands, seen };
}

/** After the first operand no option may follow: some systems would take it for a file, others for an option. */
function checkedRest(operands: readonly string[], seen: Seen) {
  const late = operands.find((operand) => operand.startsWith("-") && operand !== "-");
  return late === undefined ? rest(operands, seen) : { why: `"${late}" after an operand` };
}
