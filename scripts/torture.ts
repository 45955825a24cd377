/**
 * `bun scripts/torture.ts`: the fault campaign against the compiled executable (`dist/aleph-server`, or ALEPH_EXECUTABLE).
 * Names as arguments try those scenarios, none all of them; `--list` tells them. `--kills N` (500), `--connections N` (10000),
 * `--seed N`; `--soak` with `--minutes N` (30) is the mixed load alone, watched for leaks; `--quick` leaves out what waits for
 * minutes. `--json FILE` writes what came of it. Exit code 1 when anything failed.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Outcome } from "./torture/scenario.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "500" },
    connections: { type: "string", default: "10000" },
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "20261121" },
    soak: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

process.env.ALEPH_EXECUTABLE = resolve(process.env.ALEPH_EXECUTABLE ?? "dist/aleph-server");
// Behind that line: the path is read when the module is.
const { scenarios, soak } = await import("./torture/scenarios.ts");
const { tryScenario } = await import("./torture/try-scenario.ts");

if (options.list) {
  for (const { name, summary } of [...scenarios, soak]) console.log(`${name.padEnd(16)} ${summary}`);
  process.exit(0);
}
if (!existsSync(process.env.ALEPH_EXECUTABLE)) {
  console.error(`There is no ${process.env.ALEPH_EXECUTABLE}; "bun run build" makes it, or set ALEPH_EXECUTABLE`);
  process.exit(2);
}
const unknown = positionals.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown !== undefined) {
  console.error(`There is no scenario ${JSON.stringify(unknown)}; --list tells them`);
  process.exit(2);
}
const chosen = options.soak
  ? [soak]
  : scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const size = {
  kills: toNumber(options.kills),
  connections: toNumber(options.connections),
  soakMs: toNumber(options.minutes) * 60_000,
  patient: !options.quick,
};
const outcomes: Outcome[] = [];
for (const scenario of chosen) {
  console.error(`${scenario.name}: ${scenario.summary}`);
  const outcome = await tryScenario(scenario, toNumber(options.seed), size);
  outcomes.push(outcome);
  console.log(JSON.stringify(outcome));
}
const count = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length;
console.error(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
if (options.json !== undefined) await Bun.write(options.json, `${JSON.stringify(outcomes, null, 2)}\n`);
process.exit(count("failed") === 0 ? 0 : 1);

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    console.error(`${JSON.stringify(text)} is not a number`);
    process.exit(2);
  }
  return value;
}
