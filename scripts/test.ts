/**
 * Everything that must hold before a commit: types, lint and format, unused code, tests. With `--executable` instead: builds
 * the executable and runs the tests of `test/e2e` against it. Other arguments go to `bun test`. The results are left as
 * JUnit files in `.cache/junit`.
 *
 * Many tests drive real processes, sockets and browsers, and a busy machine can make one of thousands miss its time. Up to
 * three failures are therefore run once more, by file; what passes then is counted and named as UNSTEADY, a defect to mend.
 * Tests of loss, of confinement and of the policy get no second run: there, once is too often. Those beside them that start
 * processes without confining any are like all others.
 */
import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import {
  addTallies,
  type CheckResult,
  type Failure,
  failuresOf,
  formatJunit,
  type Tally,
  tallyJunit,
  tallyTwice,
  tellFailure,
} from "./junit.ts";
import { againPath, readIfThere } from "./reports.ts";

const RESULTS = ".cache/junit";
const MOST_SECOND_RUNS = 3;
const ONCE_ONLY =
  /^test\/(?:e2e\/(?:channels|crash|power-cut|sandbox|plugin|torture)|sandbox(?!\/(?:spawn|jobs|kept-output)\.)|policy|auth|store)\b/;

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the command leaves its own JUnit file. */
  readonly junit?: string;
}

interface Results {
  readonly tally: Tally | undefined;
  readonly failures: readonly Failure[];
}

const NOTHING: Results = { tally: undefined, failures: [] };

const args = process.argv.slice(2);
const executable = args.includes("--executable");
const passedOn = args.filter((arg) => arg !== "--executable");

const bun = process.execPath;
const junit = `${RESULTS}/${executable ? "executable" : "source"}.xml`;
/** Many tests wait more than they work. More at a time than this, and those that look at the clock miss it. */
const atOnce = [`--parallel=${Math.min(4, availableParallelism())}`];
const reporter = (path: string): string[] => [
  "--timeout=20000",
  "--only-failures",
  "--reporter=junit",
  `--reporter-outfile=${path}`,
];

const steps: readonly Step[] = executable
  ? [
      { name: "build", command: [bun, "scripts/build.ts"] },
      {
        name: "tests of the executable",
        command: [bun, "test", ...atOnce, ...reporter(junit), ...(passedOn.length > 0 ? passedOn : ["test/e2e"])],
        env: { ALEPH_EXECUTABLE: resolve("dist/aleph-server") },
        junit,
      },
    ]
  : [
      { name: "types", command: [bun, "node_modules/.bin/tsc", "--noEmit"] },
      { name: "lint and format", command: [bun, "node_modules/.bin/biome", "check", "--error-on-warnings"] },
      { name: "unused code", command: [bun, "node_modules/.bin/knip"] },
      { name: "tests", command: [bun, "test", ...atOnce, ...reporter(junit), ...passedOn], junit },
    ];

mkdirSync(RESULTS, { recursive: true });
const checks: CheckResult[] = [];
const tallies: Tally[] = [];
const summary: string[] = [];

for (const step of steps) {
  console.log(`\n== ${step.name}`);
  if (step.junit) for (const path of [step.junit, againPath(step.junit)]) rmSync(path, { force: true });
  const began = performance.now();
  let code = await run(step.command, step.env);
  if (code !== 0 && step.junit && (await runAgain(step.junit, step.env))) code = 0;
  const seconds = (performance.now() - began) / 1000;
  const { tally, failures } = step.junit ? await readResults(step.junit) : NOTHING;
  if (tally) tallies.push(tally);
  // A file that cannot be loaded, or a crash, fails the run without a failed test in the report.
  const explained = tally !== undefined && tally.failed > 0;
  if (!step.junit || (code !== 0 && !explained)) checks.push({ name: step.name, ok: code === 0, seconds });
  const counts = tally ? `, ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped` : "";
  summary.push(`${code === 0 ? "ok    " : "FAILED"} ${step.name} (${seconds.toFixed(1)} s${counts})`);
  // Beside the sums, for a record that keeps only the end of what was printed.
  for (const failure of failures) summary.push(tellFailure("FAILED", failure));
}

const report = formatJunit("checks", checks);
await Bun.write(junit.replace(".xml", "-checks.xml"), report);
const total = addTallies([...tallies, tallyJunit(report)]);
console.log(`\n${summary.join("\n")}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

async function run(command: readonly string[], env: Step["env"]): Promise<number> {
  const child = Bun.spawn([...command], { env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] });
  return child.exited;
}

/** True if every test that the report at `path` says failed passes in a second run of its file. */
async function runAgain(path: string, env: Step["env"]): Promise<boolean> {
  const report = await readIfThere(path);
  if (report === undefined) return false;
  const failures = failuresOf(report);
  if (failures.length === 0 || failures.length > MOST_SECOND_RUNS) return false;
  if (failures.some(({ file }) => ONCE_ONLY.test(file))) return false;
  const files = [...new Set(failures.map(({ file }) => `./${file}`))];
  console.log(`\n== second run of ${files.join(" ")}`);
  const code = await run([bun, "test", ...reporter(againPath(path)), ...files], env);
  return code === 0 && tallyTwice(report, await readIfThere(againPath(path))).tally.failed === 0;
}

async function readResults(path: string): Promise<Results> {
  const first = await readIfThere(path);
  if (first === undefined) return NOTHING;
  const { tally, unsteady } = tallyTwice(first, await readIfThere(againPath(path)));
  for (const { file, name } of unsteady) console.log(`UNSTEADY ${file}: ${name}`);
  return { tally, failures: tally.failed > 0 ? failuresOf(first) : [] };
}
