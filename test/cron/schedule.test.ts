import { expect, test } from "bun:test";
import { dueBetween, nextDue, resolveSchedule, type Schedule } from "../../src/cron/schedule.ts";
import { seededRandom } from "../support/random.ts";
import { refusalOf } from "../support/tool-call.ts";

/** Expression, zone, from where, and what follows: written down by hand from the tz database's transitions. */
const TABLE: readonly (readonly [string, string, string, readonly string[]])[] = [
  // Berlin springs forward from 02:00 to 03:00: a time that is left out comes an hour later, once.
  ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T01:30Z", "2026-03-30T00:30Z"]],
  // It falls back from 03:00 to 02:00: a fixed time comes once, at the first of the two.
  ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
  // Every hour is every hour: both of them.
  ["30 * * * *", "Europe/Berlin", "2026-10-24T23:00Z", ["2026-10-24T23:30Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z"]],
  ["0 * * * *", "Europe/Berlin", "2026-03-28T23:30Z", ["2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"]],
  ["30 2 * * *", "America/New_York", "2026-03-07T12:00Z", ["2026-03-08T07:30Z", "2026-03-09T06:30Z"]],
  ["30 1 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]],
  // Lord Howe moves by half an hour.
  ["15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", ["2026-10-03T15:45Z", "2026-10-04T15:15Z"]],
  ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]],
  // In Sao Paulo midnight itself was left out.
  ["0 0 * * *", "America/Sao_Paulo", "2018-11-03T04:00Z", ["2018-11-04T03:00Z", "2018-11-05T02:00Z"]],
  // Samoa left out a whole day, the 30th.
  ["0 12 * * *", "Pacific/Apia", "2011-12-29T00:00Z", ["2011-12-29T22:00Z", "2011-12-30T22:00Z"]],
  ["30 5 * * *", "Asia/Kathmandu", "2026-01-01T00:00Z", ["2026-01-01T23:45Z", "2026-01-02T23:45Z"]],
  ["0 9 * * MON-FRI", "UTC", "2026-05-01T10:00Z", ["2026-05-04T09:00Z", "2026-05-05T09:00Z"]],
  ["0 0 29 2 *", "UTC", "2026-01-01T00:00Z", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
  // Both days given: either will do.
  ["0 0 31 12 5", "UTC", "2026-12-20T00:00Z", ["2026-12-25T00:00Z", "2026-12-31T00:00Z"]],
  ["@daily", "Asia/Tokyo", "2026-01-01T00:00Z", ["2026-01-01T15:00Z", "2026-01-02T15:00Z"]],
];

test.each(TABLE.map((row) => [...row] as const))("nextDue of %s in %s after %s", (cron, tz, from, expected) => {
  const found: string[] = [];
  let at: number | null = Date.parse(from);
  while (at !== null && found.length < expected.length) {
    at = nextDue({ cron, tz }, at);
    if (at !== null) found.push(new Date(at).toISOString().replace(":00.000Z", "Z"));
  }
  expect(found).toEqual([...expected]);
});

const NOW = Date.parse("2026-03-28T12:00Z");
const resolve = (given: Parameters<typeof resolveSchedule>[0]) => resolveSchedule(given, NOW, () => "Europe/Berlin");

test("resolveSchedule reads times with and without an offset, in their zone", () => {
  const at = (text: string | number, tz?: string) => {
    const found = resolve({ at: text, ...(tz ? { tz } : {}) });
    return "at" in found ? new Date(found.at).toISOString() : found;
  };
  expect(at("2026-05-01T09:00")).toBe("2026-05-01T07:00:00.000Z");
  expect(at("2026-05-01 09:00:30.5", "America/New_York")).toBe("2026-05-01T13:00:30.500Z");
  expect(at("2026-05-01T09:00+05:45")).toBe("2026-05-01T03:15:00.000Z");
  expect(at("2026-05-01T09:00:30.123456-0930")).toBe("2026-05-01T18:30:30.123Z");
  expect(at("2026-12-31 23:30Z", "America/New_York")).toBe("2026-12-31T23:30:00.000Z");
  // Left out by the wall clock, and twice on it.
  expect(at("2026-03-29T02:30")).toBe("2026-03-29T01:30:00.000Z");
  expect(at("2026-10-25T02:30")).toBe("2026-10-25T00:30:00.000Z");
  expect(at(NOW + 1)).toBe("2026-03-28T12:00:00.001Z");
  expect(at("2028-02-29T23:59", "Pacific/Kiritimati")).toBe("2028-02-29T09:59:00.000Z");
  expect(resolve({ cron: " 0 9 * * * " })).toEqual({ cron: "0 9 * * *", tz: "Europe/Berlin" });
  expect(resolve({ every_ms: 5000 })).toEqual({ every_ms: 5000, from: NOW });
});

test.each([
  [{ at: "2026-03-28T12:00Z" }, "2026-03-28T12:00:00.000Z is past"],
  [{ at: "tomorrow" }, '"tomorrow" is no ISO 8601 time such as 2026-05-01T09:00'],
  [{ at: "2026-02-30T09:00" }, '"2026-02-30T09:00" is no time of the calendar'],
  [{ at: "2026-02-30T09:00Z" }, '"2026-02-30T09:00Z" is no time of the calendar'],
  [{ at: "2026-05-01T09:00:75" }, '"2026-05-01T09:00:75" is no time of the calendar'],
  [{ at: "2026-05-01T24:00:00+02:00" }, '"2026-05-01T24:00:00+02:00" is no time of the calendar'],
  [{ at: "June 1, 2026 Z" }, '"June 1, 2026 Z" is no ISO 8601 time such as 2026-05-01T09:00'],
  [{ at: 8_700_000_000_000_000 }, "8700000000000000 is no time in milliseconds"],
  [{ at: "2026-05-01T09:00", tz: "Mars/Olympus" }, "unknown time zone 'Mars/Olympus'"],
  [{ cron: "0 0 30 2 *" }, '"0 0 30 2 *" is never due'],
  [{ cron: "60 * * * *" }, "value out of range for field"],
  [{ cron: "* * * * *", tz: "Mars/Olympus" }, "unknown time zone 'Mars/Olympus'"],
])("resolveSchedule refuses %j", async (given, why) => {
  expect(await refusalOf((async () => resolve(given))())).toBe(`invalid_params: Schedule is not valid: ${why}`);
});

test("dueBetween gives the latest times and counts the others, as one by one", () => {
  const random = seededRandom(7);
  const cron = (text: string): Schedule => ({ cron: text, tz: "Europe/Berlin" });
  const schedules = [cron("*/7 * * * *"), cron("30 2 * * *"), cron("0 9 * * 1"), { every_ms: 90_000, from: NOW }];
  for (let round = 0; round < 200; round++) {
    const schedule = schedules[round % schedules.length]!;
    const first = nextDue(schedule, NOW + Math.floor(random() * 1e9))!;
    const end = first + Math.floor(random() * 4 * 86_400_000);
    const all: number[] = [];
    for (let at: number | null = first; at !== null && at <= end; at = nextDue(schedule, at)) all.push(at);
    const most = 1 + Math.floor(random() * 12);
    const { times, earlier } = dueBetween(schedule, first, end, most);
    expect(times).toEqual(all.slice(-most));
    const counted = "cron" in schedule ? Math.min(all.length, 1000) : all.length;
    expect(earlier).toBe(Math.max(0, counted - most));
  }
});

test("dueBetween finds the last of two years of minutes without going through them", () => {
  const first = Date.UTC(2024, 0, 1);
  const end = Date.UTC(2026, 0, 1, 0, 0, 30);
  const { times, earlier } = dueBetween({ cron: "* * * * *", tz: "UTC" }, first, end, 3);
  expect(times.map((at) => new Date(at).toISOString())).toEqual([
    "2025-12-31T23:58:00.000Z",
    "2025-12-31T23:59:00.000Z",
    "2026-01-01T00:00:00.000Z",
  ]);
  expect(earlier).toBe(997);
});
