/** What is wrong with a config: found by path, told with the line. */
import { maskText } from "../lib/mask.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import type { Path } from "./normalise.ts";

/** An issue before its line is known. `path` is as written or as normalised; empty for the whole file. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** A thousand faults have one cause; the first ones show it. */
export const MAX_ISSUES = 50;

/** Issues for people and programs, with the line of each where `lineOf` knows one. */
export function toIssues(problems: readonly Problem[], lineOf?: (path: Path) => number | undefined): Issue[] {
  return problems.slice(0, MAX_ISSUES).map(({ path, message, line = lineOf?.(path), column }) => ({
    path: formatPath(path),
    message: maskText(message),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  }));
}

/** `config_invalid`; the message holds the first issue, `data.issues` all of them. */
export function configInvalid(issues: readonly Issue[], cause?: unknown): AlephError {
  const [first] = issues;
  const place = [first?.line === undefined ? "" : `line ${first.line}`, first?.path ?? ""].filter(Boolean).join(", ");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const message = `Config is not valid: ${place === "" ? "" : `${place}: `}${first?.message ?? "unknown reason"}${more}`;
  return new AlephError("config_invalid", message, { cause, data: { issues } });
}

/** What is wrong, of `config_invalid`. Throws what is anything else. */
export function issuesOf(thrown: unknown): readonly Issue[] {
  if (!(thrown instanceof AlephError) || thrown.reason !== "config_invalid") throw thrown;
  return (thrown.data.issues as readonly Issue[] | undefined) ?? [{ path: "", message: thrown.message }];
}

/** `providers."my.proxy".models.0`: dotted as TOML would write it; a key of a megabyte is cut. */
export function formatPath(path: Path): string {
  const keys = path.map((key) => {
    const text = String(key);
    const shown = text.length > MAX_KEY ? `${text.slice(0, MAX_KEY)}…` : text;
    return /^[A-Za-z0-9_-]+$/.test(text) ? shown : JSON.stringify(shown);
  });
  return maskText(keys.join("."));
}

const MAX_KEY = 80;
