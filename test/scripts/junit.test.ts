import { expect, test } from "bun:test";
import { addTallies, failuresOf, formatJunit, tallyJunit, tallyTwice } from "../../scripts/junit.ts";

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

const RAN = `<?xml version="1.0"?>
<testsuites name="bun test" tests="4" assertions="2" failures="2" skipped="1" time="0.1">
  <testsuite name="a.test.ts" file="a.test.ts" tests="4">
    <testcase name="ok" classname="outer" file="a.test.ts" line="2" />
    <testcase name="skipped" classname="outer" file="a.test.ts" line="2"><skipped /></testcase>
    <testcase name="a &amp; b > c" classname="outer &lt;x&gt;" file="a.test.ts" line="2" assertions="1">
      <failure type="AssertionError" message="Expected: 2&#10;Received: 1&#10;">AssertionError</failure>
    </testcase>
    <testcase name="slow" classname="" file="a.test.ts" line="9">
      <failure type="TimeoutError" message="test timed out" />
    </testcase>
  </testsuite>
</testsuites>`;

const FAILURES = [
  { file: "a.test.ts", name: "outer <x> > a & b > c", message: "Expected: 2\nReceived: 1" },
  { file: "a.test.ts", name: "slow", message: "test timed out" },
];

test("failuresOf names the tests that failed and what they said", () => {
  expect(failuresOf(RAN)).toEqual(FAILURES);
});

test("tallyTwice counts what passed the second time, and names it", () => {
  const again = formatJunit("again", [{ name: "files", ok: true, seconds: 1 }]);
  expect(tallyTwice(RAN, again)).toEqual({ tally: { passed: 3, failed: 0, skipped: 1 }, unsteady: FAILURES });
});

test("tallyTwice keeps the failures when the second run fails too, is missing, or the report does not name them all", () => {
  const tally = { passed: 1, failed: 2, skipped: 1 };
  expect(tallyTwice(RAN, formatJunit("again", CHECKS))).toEqual({ tally, unsteady: [] });
  expect(tallyTwice(RAN, undefined)).toEqual({ tally, unsteady: [] });
  const unnamed = RAN.replace('<failure type="TimeoutError" message="test timed out" />', "");
  expect(tallyTwice(unnamed, formatJunit("again", []))).toEqual({ tally, unsteady: [] });
});
