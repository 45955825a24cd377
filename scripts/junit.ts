/** JUnit files: the one form in which every check and test run leaves its result, so that runs can be summed. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
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

export function addTallies(tallies: readonly Tally[]): Tally {
  const sum = (key: keyof Tally): number => tallies.reduce((total, tally) => total + tally[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
