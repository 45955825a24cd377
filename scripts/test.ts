/**
 * Everything that must hold before a commit: types, lint and format, unused code, tests. With `--executable` instead: builds
 * the executable and runs the tests of `test/e2e` against it. Other arguments go to `bun test`. The results are left as
 * JUnit files in `.cache/junit`.
 */
import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { addTallies, type CheckResult, formatJunit, type Tally, tallyJunit } from "./junit.ts";

const RESULTS = ".cache/junit";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the command leaves its own JUnit file. */
  readonly junit?: string;
}

const args = process.argv.slice(2);
const executable = args.includes("--executable");
const passedOn = args.filter((arg) => arg !== "--executable");

const bun = process.execPath;
const junit = `${RESULTS}/${executable ? "executable" : "source"}.xml`;
const reporter = ["--timeout=20000", "--only-failures", "--reporter=junit", `--reporter-outfile=${junit}`];

const steps: readonly Step[] = executable
  ? [
      { name: "build", command: [bun, "scripts/build.ts"] },
      {
        name: "tests of the executable",
        command: [bun, "test", ...reporter, ...(passedOn.length > 0 ? passedOn : ["test/e2e"])],
        env: { ALEPH_EXECUTABLE: resolve("dist/aleph-server") },
        junit,
      },
    ]
  : [
      { name: "types", command: [bun, "node_modules/.bin/tsc", "--noEmit"] },
      { name: "lint and format", command: [bun, "node_modules/.bin/biome", "check", "--error-on-warnings"] },
      { name: "unused code", command: [bun, "node_modules/.bin/knip"] },
      { name: "tests", command: [bun, "test", ...reporter, ...passedOn], junit },
    ];

mkdirSync(RESULTS, { recursive: true });
const checks: CheckResult[] = [];
const tallies: Tally[] = [];
const summary: string[] = [];

for (const step of steps) {
  console.log(`\n== ${step.name}`);
  if (step.junit) rmSync(step.junit, { force: true });
  const began = performance.now();
  const child = Bun.spawn([...step.command], {
    env: { ...process.env, ...step.env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await child.exited;
  const seconds = (performance.now() - began) / 1000;
  const tally = step.junit ? await readTally(step.junit) : undefined;
  if (tally) tallies.push(tally);
  // A file that cannot be loaded, or a crash, fails the run without a failed test in the report.
  const explained = tally !== undefined && tally.failed > 0;
  if (!step.junit || (code !== 0 && !explained)) checks.push({ name: step.name, ok: code === 0, seconds });
  const counts = tally ? `, ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped` : "";
  summary.push(`${code === 0 ? "ok    " : "FAILED"} ${step.name} (${seconds.toFixed(1)} s${counts})`);
}

const report = formatJunit("checks", checks);
await Bun.write(junit.replace(".xml", "-checks.xml"), report);
const total = addTallies([...tallies, tallyJunit(report)]);
console.log(`\n${summary.join("\n")}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

async function readTally(path: string): Promise<Tally | undefined> {
  const file = Bun.file(path);
  if (!(await file.exists())) return undefined;
  return tallyJunit(await file.text());
}
