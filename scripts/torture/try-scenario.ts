/** Runs one scenario on a home of its own and tells its outcome. */
import { openRig } from "./rig.ts";
import type { Outcome, Scenario, Size } from "./scenario.ts";

export async function tryScenario(scenario: Scenario, seed: number, size: Size): Promise<Outcome> {
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 100) / 10;
  const { name } = scenario;
  const reason = scenario.obstacle?.();
  if (reason !== undefined) return { name, outcome: "skipped", reason, seconds: seconds() };
  await using rig = await openRig(seed);
  let facts = {};
  try {
    facts = await scenario.run(rig, size);
  } catch (error) {
    rig.problem(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await rig.finish();
  const { problems } = rig;
  const outcome = problems.length === 0 ? "passed" : "failed";
  return { name, outcome, facts, ...(problems.length > 0 ? { problems } : {}), seconds: seconds() };
}
