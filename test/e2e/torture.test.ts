/** The fault campaign in short: every scenario that this machine allows, with fewer kills and connections than by hand. */
import { expect } from "bun:test";
import type { Size } from "../../scripts/torture/scenario.ts";
import { scenarios, soak } from "../../scripts/torture/scenarios.ts";
import { tryScenario } from "../../scripts/torture/try-scenario.ts";
import { testExecutable, testExecutableIf } from "../support/executable.ts";

const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);
const SIZE: Size = { kills: 20, connections: 500, soakMs: 6000, patient: false };
const LONG_MS = 240_000;

for (const scenario of [...scenarios, soak]) {
  const obstacle = scenario.obstacle?.();
  const skipped = obstacle === undefined ? "" : ` (cannot be tried here: ${obstacle})`;
  const run = obstacle === undefined ? testExecutable : testExecutableIf(false);
  run(
    `the executable stands ${scenario.name}: ${scenario.summary} (ALEPH_SEED=${SEED})${skipped}`,
    async () => {
      const { problems = [], outcome, facts, seconds } = await tryScenario(scenario, SEED, SIZE);
      console.log(`${scenario.name}, ${seconds} s: ${JSON.stringify(facts)}`);
      expect({ outcome, problems }).toEqual({ outcome: "passed", problems: [] });
    },
    LONG_MS,
  );
}
