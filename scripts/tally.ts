/**
 * Sums the JUnit files named as arguments, names what failed, and prints `N passed, N failed` as the last line; exit code 1
 * if anything failed.
 */
import { addTallies, failuresOf, type Tally, tallyTwice, tellFailure } from "./junit.ts";
import { againPath, readIfThere } from "./reports.ts";

const BROKEN: Tally = { passed: 0, failed: 1, skipped: 0 };

const tallies = await Promise.all(process.argv.slice(2).map(read));
const total = addTallies(tallies.length === 0 ? [BROKEN] : tallies);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);

async function read(path: string): Promise<Tally> {
  try {
    const xml = await Bun.file(path).text();
    const { tally, unsteady } = tallyTwice(xml, await readIfThere(againPath(path)));
    console.log(`${path}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
    for (const failure of unsteady) console.log(tellFailure("UNSTEADY", failure));
    if (tally.failed > 0) for (const failure of failuresOf(xml)) console.log(tellFailure("FAILED", failure));
    return tally;
  } catch (error) {
    console.error(`${path}: ${error instanceof Error ? error.message : error}`);
    return BROKEN;
  }
}
