/** Removes a folder of the home with all that is in it, once the person agrees. */
import { printableLine } from "../lib/terminal-text.ts";
import { EXIT } from "./exit-codes.ts";
import { writeJson } from "./output.ts";
import { agreed } from "./question.ts";
import type { Terminal } from "./terminal.ts";

export interface Removal {
  /** Throws when there is nothing of the name. */
  readonly find: () => Promise<{ readonly path: string }>;
  readonly remove: () => Promise<{ readonly result: unknown; readonly named: string }>;
}

/** Answers with the exit code. */
export async function askAndRemove(
  args: { readonly yes?: boolean | undefined; readonly json?: boolean | undefined },
  terminal: Terminal,
  { find, remove }: Removal,
): Promise<number> {
  const { path } = await find();
  if (!(await agreed(args, terminal, `Remove ${printableLine(path)} with all that is in it?`))) {
    terminal.err.write("Nothing was removed\n");
    return EXIT.failure;
  }
  const { result, named } = await remove();
  if (args.json) writeJson(terminal.out, result);
  else terminal.err.write(`Removed ${named}\n`);
  return EXIT.ok;
}
