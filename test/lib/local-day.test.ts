import { describe, expect, test } from "bun:test";
import { createLocalDays } from "../../src/lib/local-day.ts";

const HOUR = 3_600_000;

describe("local days", () => {
  test.each([
    ["UTC", "2026-07-31T23:59:59.999Z", "2026-07-31", "2026-07-31T00:00:00Z", 24],
    ["Europe/Berlin", "2026-07-31T22:00:00Z", "2026-08-01", "2026-07-31T22:00:00Z", 24],
    ["Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-28T23:00:00Z", 23],
    ["Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25", "2026-10-24T22:00:00Z", 25],
    ["Asia/Kathmandu", "2026-07-31T18:14:59Z", "2026-07-31", "2026-07-30T18:15:00Z", 24],
    // Samoa left out a day when it changed sides of the date line.
    ["Pacific/Apia", "2011-12-30T09:59:00Z", "2011-12-29", "2011-12-29T10:00:00Z", 24],
    ["Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31", "2011-12-30T10:00:00Z", 24],
  ])("of %s, the day of %s is %s", (zone, moment, date, start, hours) => {
    const begins = Date.parse(start);
    expect(createLocalDays(zone)(Date.parse(moment))).toEqual({ date, start: begins, end: begins + hours * HOUR });
  });

  test("are found in any order", () => {
    const dayOf = createLocalDays("UTC");
    const dates = ["2026-01-02T00:00Z", "2026-01-01T23:59Z", "2026-01-03T12:00Z"].map((text) =>
      dayOf(Date.parse(text)),
    );
    expect(dates.map(({ date }) => date)).toEqual(["2026-01-02", "2026-01-01", "2026-01-03"]);
  });

  test("are refused for a time zone that is not known", () => {
    expect(() => createLocalDays("Mars/Olympus")).toThrow(RangeError);
  });
});
