import { expect, test } from "bun:test";
import { time } from "../../../src/tools/time/time.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function textAt(now: number, input: object): Promise<string> {
  await using workspace = await testWorkspace();
  return (await callTool(time, { now: () => now }, input, workspace.context())).text;
}

const AT = Date.UTC(2026, 7, 1, 7, 30, 5);

test.each([
  ["Europe/Berlin", "2026-08-01T09:30:05+02:00 (Saturday, Europe/Berlin), Unix time 1785569405"],
  ["America/St_Johns", "2026-08-01T05:00:05-02:30 (Saturday, America/St_Johns), Unix time 1785569405"],
  ["Pacific/Auckland", "2026-08-01T19:30:05+12:00 (Saturday, Pacific/Auckland), Unix time 1785569405"],
  ["UTC", "2026-08-01T07:30:05+00:00 (Saturday, UTC), Unix time 1785569405"],
])("time tells it in %s", async (tz, text) => {
  expect(await textAt(AT, { tz })).toBe(text);
});

test("time tells midnight as 00", async () => {
  expect(await textAt(Date.UTC(2026, 0, 1), { tz: "UTC" })).toStartWith("2026-01-01T00:00:00+00:00 (Thursday");
});

test("time takes the server's zone when none is given", async () => {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(await textAt(AT, {})).toContain(`, ${zone})`);
});

test("time refuses a zone that does not exist", async () => {
  expect(await refusalOf(textAt(AT, { tz: "Europe/Nowhere" }))).toBe(
    'invalid_params: "tz" is not a time zone: "Europe/Nowhere"',
  );
});
