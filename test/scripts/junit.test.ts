import { expect, test } from "bun:test";
import { addTallies, formatJunit, tallyJunit } from "../../scripts/junit.ts";

const CHECKS = [
  { name: "types", ok: true, seconds: 1.25 },
  { name: 'a "bad" <check>', ok: false, seconds: 0 },
];

test("tallyJunit reads what formatJunit wrote", () => {
  expect(tallyJunit(formatJunit("checks", CHECKS))).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("tallyJunit takes the sums of the whole run, not those of one file", () => {
  const xml = `<?xml version="1.0"?>
<testsuites name="bun test" tests="7" assertions="9" failures="2" skipped="1" time="0.1">
  <testsuite name="a.test.ts" tests="4" failures="1" skipped="1"><testcase name="x" /></testsuite>
</testsuites>`;
  expect(tallyJunit(xml)).toEqual({ passed: 4, failed: 2, skipped: 1 });
});

test("tallyJunit refuses a file that was cut short", () => {
  expect(() => tallyJunit(formatJunit("checks", CHECKS).slice(0, -20))).toThrow("Not a whole JUnit file");
  expect(() => tallyJunit("")).toThrow("Not a whole JUnit file");
});

test("addTallies adds each count", () => {
  expect(
    addTallies([
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 10, failed: 20, skipped: 30 },
    ]),
  ).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
});
