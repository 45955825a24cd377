/** Sums the JUnit files named as arguments and prints `N passed, N failed`; exit code 1 if anything failed. */
import { addTallies, type Tally, tallyJunit } from "./junit.ts";

const BROKEN: Tally = { passed: 0, failed: 1, skipped: 0 };

const tallies = await Promise.all(
  process.argv.slice(2).map(async (path) => {
    const tally = await Bun.file(path)
      .text()
      .then(tallyJunit)
      .catch((error: unknown) => {
        console.error(`${path}: ${error instanceof Error ? error.message : error}`);
        return BROKEN;
      });
    console.log(`${path}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
    return tally;
  }),
);
const total = addTallies(tallies.length === 0 ? [BROKEN] : tallies);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
