/**
 * Tests text against a pattern that a model wrote. RE2 (here in JavaScript) needs time proportional to the text,
 * where a JavaScript regular expression such as `(a+)+$` can hang the event loop and cannot be stopped in a worker either.
 */
import type { RE2JS } from "re2js";
import { AlephError } from "../../protocol/errors.ts";

/** Which lines match: their places in `lines`, from 0, in order and each once. At most `limit`, and one more when there are more. */
export type FindLines = (lines: readonly string[], limit: number, pause: Pause) => Promise<number[]>;
/** Lets others have their turn when it is time, and throws when the search is to end. */
export type Pause = () => Promise<void>;

export interface PatternOptions {
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly literal: boolean;
  /** Only between the edges of words. */
  readonly word: boolean;
  /** Whether a match may go over the ends of lines. */
  readonly multiline: boolean;
}

/** Of a longer line only this much is looked at. */
const MAX_LINE = 100_000;
/** Lines between two looks at the clock. */
const PAUSE_EVERY = 256;

/** Throws `invalid_params` for a pattern that RE2 does not take. */
export async function compilePattern(options: PatternOptions): Promise<FindLines> {
  const { pattern, ignoreCase, literal, word, multiline } = options;
  if (literal && !ignoreCase && !word && !multiline) return byLine((line) => line.includes(pattern));
  const compiled = await compile(options);
  if (multiline) return (lines, limit, pause) => findAcross(compiled, lines, limit, pause);
  return byLine((line) => compiled.test(line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line));
}

async function compile({ pattern, ignoreCase, literal, word, multiline }: PatternOptions): Promise<RE2JS> {
  const { RE2JS } = await import("re2js");
  const source = literal ? RE2JS.quote(pattern) : pattern;
  const flags = (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (multiline ? RE2JS.MULTILINE : 0);
  try {
    // Alone first: what is wrong with it is to be told in its own words, and it may not close a group of ours.
    const alone = RE2JS.compile(source, flags);
    return word ? RE2JS.compile(`\\b(?:${source})\\b`, flags) : alone;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, "") : "it cannot be compiled";
    throw new AlephError("invalid_params", `"pattern" is not a regular expression: ${why}`, {
      cause,
      data: { hint: "Look-around and back-references do not exist here; for plain text set literal" },
    });
  }
}

function byLine(matches: (line: string) => boolean): FindLines {
  return async (lines, limit, pause) => {
    const found: number[] = [];
    for (let at = 0; at < lines.length && found.length <= limit; at++) {
      if (at % PAUSE_EVERY === PAUSE_EVERY - 1) await pause();
      if (matches(lines[at]!)) found.push(at);
    }
    return found;
  };
}

async function findAcross(compiled: RE2JS, lines: readonly string[], limit: number, pause: Pause): Promise<number[]> {
  const matcher = compiled.matcher(lines.join("\n"));
  const found: number[] = [];
  let at = 0;
  /** Where the line `at` begins in the text. */
  let begin = 0;
  while (found.length <= limit && matcher.find()) {
    await pause();
    const start = matcher.start();
    // A match that ends with a line feed does not reach into the line behind it.
    const end = Math.max(start, matcher.end() - 1);
    while (at < lines.length && begin + lines[at]!.length < start) begin += lines[at++]!.length + 1;
    for (let line = at, from = begin; line < lines.length && from <= end && found.length <= limit; line++) {
      if (found.at(-1) === undefined || found.at(-1)! < line) found.push(line);
      from += lines[line]!.length + 1;
    }
  }
  return found;
}
