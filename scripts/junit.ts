/** JUnit files: the one form in which every check and test run leaves its result, so that runs can be summed. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test that failed, by the file that holds it. */
export interface Failure {
  readonly file: string;
  readonly name: string;
  readonly message: string;
}

/** One check that is not a test of a test runner. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

export function formatJunit(suite: string, results: readonly CheckResult[]): string {
  const failures = results.filter((result) => !result.ok).length;
  const cases = results.map(({ name, ok, seconds }) => {
    const head = `    <testcase name="${Bun.escapeHTML(name)}" time="${seconds.toFixed(3)}"`;
    return ok ? `${head} />` : `${head}><failure message="exit code not 0" /></testcase>`;
  });
  const counts = `name="${Bun.escapeHTML(suite)}" tests="${results.length}" failures="${failures}" skipped="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite ${counts}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** Reads the sums in the root element. Throws when there is none: a cut file must not count as no failure. */
export function tallyJunit(xml: string): Tally {
  const root = /<testsuites\b[^>]*>/.exec(xml)?.[0];
  if (!root || !xml.includes("</testsuites>")) throw new Error("Not a whole JUnit file");
  const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

/** The tests of a whole report that failed, with the first 20 lines of what they said. */
export function failuresOf(xml: string): Failure[] {
  const failures: Failure[] = [];
  for (const [, head = "", body = ""] of xml.matchAll(/<testcase\b((?:"[^"]*"|[^">])*)(?<!\/)>(.*?)<\/testcase>/gs)) {
    const failure = /<(?:failure|error)\b((?:"[^"]*"|[^">])*)>/.exec(body)?.[1];
    if (failure === undefined) continue;
    const suite = attribute(head, "classname");
    const name = attribute(head, "name");
    failures.push({
      file: attribute(head, "file"),
      name: suite ? `${suite} > ${name}` : name,
      message: attribute(failure, "message").trim().split("\n").slice(0, 20).join("\n"),
    });
  }
  return failures;
}

/**
 * The sums of a run whose failed files were run once more: a test that passed the second time counts as passed, and is
 * returned as `unsteady`, to be named aloud.
 */
export function tallyTwice(first: string, second: string | undefined): { tally: Tally; unsteady: Failure[] } {
  const tally = tallyJunit(first);
  if (second === undefined) return { tally, unsteady: [] };
  const again = tallyJunit(second);
  const unsteady = again.failed === 0 ? failuresOf(first) : [];
  // Only when the report names every failure is it known that the second run met all of them.
  if (unsteady.length !== tally.failed) return { tally, unsteady: [] };
  return { tally: { ...tally, passed: tally.passed + tally.failed, failed: 0 }, unsteady };
}

/** For a person: where, what, and what it said. */
export function tellFailure(how: "FAILED" | "UNSTEADY", { file, name, message }: Failure): string {
  return `${how} ${file}: ${name}\n${message}`;
}

function attribute(head: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(head)?.[1] ?? "";
  return value
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: keyof typeof ENTITIES) => ENTITIES[entity]);
}

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

export function addTallies(tallies: readonly Tally[]): Tally {
  const sum = (key: keyof Tally): number => tallies.reduce((total, tally) => total + tally[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
