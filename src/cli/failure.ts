/** What a person reads when a command fails: one line what, one line what next; never a stack. */

import { printable, printableJson, printableLine } from "../lib/terminal-text.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import { systemFailureOf } from "../protocol/system-failures.ts";
import { inCommands } from "./commands-of-methods.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import type { Output, Terminal } from "./terminal.ts";

/** Unknown or missing words on the command line. */
export function usageError(message: string, hint: string): AlephError {
  return new AlephError("invalid_params", message, { data: { hint } });
}

/** No server, or one that does not answer. */
export function unreachable(message: string, hint: string, cause?: unknown): AlephError {
  return new AlephError("not_found", message, { cause, data: { hint, exit_code: EXIT.unreachable } });
}

/** Prints it and answers with the exit code. With `json` a line for programs goes to the output as well. */
export function writeFailure(terminal: Terminal, thrown: unknown, { json }: { readonly json: boolean }): number {
  const error = explain(thrown);
  const { style } = terminal.err;
  const { hint, issues = [] } = error.data as { hint?: unknown; issues?: readonly Issue[] };
  terminal.err.write(`${style.red("Error:")} ${printableLine(error.message)}\n`);
  // The message tells the first issue itself when it is the only one.
  if (issues.length > 1 || (issues.length === 1 && !error.message.includes(issues[0]!.message))) {
    const inOrder = issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    for (const issue of inOrder) terminal.err.write(`  ${printableLine(describeIssue(issue))}\n`);
  }
  // Who named a method that is not there wants a method.
  if (typeof hint === "string") writeHint(terminal.err, hint, error.reason !== "method_not_found");
  if (json) {
    const { exit_code: _, ...data } = error.data;
    const shown = { error: { reason: error.reason, message: error.message, ...data } };
    terminal.out.write(`${printableJson(shown)}\n`);
  }
  return exitCodeOf(error);
}

/** What to do next. Hints of the server speak to programs: methods become the commands that call them. */
export function writeHint({ style, write }: Output, hint: string, asCommands = true): void {
  write(`${style.dim(printable(asCommands ? inCommands(hint, "aleph") : hint))}\n`);
}

function describeIssue({ path, message, line }: Issue): string {
  const place = [line === undefined ? "" : `line ${line}`, path].filter((part) => part !== "").join(", ");
  return place === "" ? message : `${place}: ${message}`;
}

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
}

/** Any failure as one that says what to do: the system's own errors in words, all else as internal. */
function explain(thrown: unknown): AlephError {
  if (thrown instanceof AlephError) return thrown;
  // What went wrong first says more than what could not be cleared up behind it.
  if (thrown instanceof SuppressedError) return explain(thrown.suppressed);
  if (systemFailureOf(thrown)) return AlephError.from(thrown);
  if (!isSystemError(thrown)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new AlephError("internal", `Unexpected failure: ${message}`, {
      cause: thrown,
      data: { hint: "This is a fault of Aleph. Run it again with ALEPH_LOG_LEVEL=debug and report what it prints" },
    });
  }
  const what = thrown.path ? ` ${JSON.stringify(thrown.path)}` : "";
  switch (thrown.code) {
    case "EACCES":
    case "EPERM":
      return new AlephError("forbidden", `The system does not allow access to${what || " a file"}`, {
        cause: thrown,
        data: { hint: "Check who owns it and its mode, or choose another folder with --home" },
      });
    case "ENOENT":
      return new AlephError("not_found", `There is no file${what}`, { cause: thrown });
    case "ENOTDIR":
    case "EEXIST":
      return new AlephError("conflict", `Something else is in the way at${what}`, {
        cause: thrown,
        data: { hint: "Move it away, or choose another folder with --home" },
      });
    case "EISDIR":
      return new AlephError("invalid_params", `${what.trim() || "The path"} is a folder, not a file`, {
        cause: thrown,
      });
    default:
      return new AlephError("internal", `The system refused: ${thrown.message}`, { cause: thrown });
  }
}

export function isSystemError(thrown: unknown): thrown is SystemError {
  return (
    thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" && /^E[A-Z]+$/.test(thrown.code)
  );
}
