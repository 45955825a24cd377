/**
 * Tests a line against a pattern that a model wrote. RE2 (here in JavaScript) needs time proportional to the text,
 * where a JavaScript regular expression such as `(a+)+$` can hang the event loop and cannot be stopped in a worker either.
 */
import { AlephError } from "../../protocol/errors.ts";

export type LineMatcher = (line: string) => boolean;

/** Of a longer line only this much is looked at. */
const MAX_LINE = 100_000;

/** Throws `invalid_params` for a pattern that RE2 does not take. */
export async function compileMatcher(
  pattern: string,
  { ignoreCase, literal }: { readonly ignoreCase: boolean; readonly literal: boolean },
): Promise<LineMatcher> {
  if (literal && !ignoreCase) return (line) => line.includes(pattern);
  const { RE2JS } = await import("re2js");
  try {
    const compiled = RE2JS.compile(literal ? RE2JS.quote(pattern) : pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return (line) => compiled.test(line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, "") : "it cannot be compiled";
    throw new AlephError("invalid_params", `"pattern" is not a regular expression: ${why}`, {
      cause,
      data: { hint: "Look-around and back-references do not exist here; for plain text set literal" },
    });
  }
}
