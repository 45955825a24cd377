/** When a schedule is due: five-field expressions in a time zone, every so often, or once. */

import type { CronSchedule } from "../protocol/cron.ts";
import { AlephError } from "../protocol/errors.ts";

/** As it is kept: complete, so that it means the same on another day and another machine. */
export type Schedule =
  | { readonly cron: string; readonly tz: string }
  | { readonly every_ms: number; readonly from: number }
  | { readonly at: number };

export interface Due {
  /** The latest ones, oldest first. */
  readonly times: readonly number[];
  /** How many came before those; of a dense expression and a long time, at least so many. */
  readonly earlier: number;
}

/** Times of an expression that are counted one by one: some milliseconds. */
const COUNTED = 1000;
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:(Z)|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/;
/** No clock shows a later one. */
const LAST = Date.UTC(10_000, 0) - 1;

/** Throws `invalid_params` for one that is not valid or never due after `now`. */
export function resolveSchedule(given: CronSchedule, now: number, timeZone: () => string): Schedule {
  if ("every_ms" in given) return { every_ms: given.every_ms, from: now };
  const tz = given.tz ?? timeZone();
  if ("cron" in given) {
    const schedule = { cron: given.cron.trim(), tz };
    if (nextDue(schedule, now) === null) throw refuse("cron", `"${schedule.cron}" is never due`);
    return schedule;
  }
  const at = typeof given.at === "number" ? given.at : readTime(given.at, tz);
  if (at > LAST) throw refuse("at", `${at} is no time in milliseconds`);
  if (at <= now) throw refuse("at", `${new Date(at).toISOString()} is past`);
  return { at };
}

/** The first time after `after`; null when there is none. */
export function nextDue(schedule: Schedule, after: number): number | null {
  if ("at" in schedule) return schedule.at > after ? schedule.at : null;
  if ("every_ms" in schedule) {
    const { every_ms, from } = schedule;
    return from + (Math.floor((after - from) / every_ms) + 1) * every_ms;
  }
  try {
    return Bun.cron.parse(schedule.cron, after, { tz: schedule.tz })?.getTime() ?? null;
  } catch (thrown) {
    const { message } = thrown as Error;
    throw refuse(
      message.includes("time zone") ? "tz" : "cron",
      message.replace(/^(?:Bun\.cron|Invalid cron expression): /, "").replace("Bun.cron uses", "There are"),
    );
  }
}

/** The times from `first`, which is one, to `until`: the latest `most`. */
export function dueBetween(schedule: Schedule, first: number, until: number, most: number): Due {
  if ("at" in schedule) return { times: [first], earlier: 0 };
  if ("every_ms" in schedule) {
    const { every_ms } = schedule;
    const count = Math.floor((until - first) / every_ms) + 1;
    const shown = Math.min(count, most);
    const times = Array.from({ length: shown }, (_, at) => first + (count - shown + at) * every_ms);
    return { times, earlier: count - shown };
  }
  const counted = follow(schedule, first, until, COUNTED);
  if (counted.length < COUNTED) return { times: counted.slice(-most), earlier: Math.max(0, counted.length - most) };
  // Too many to count: looked for from the end, in a window that grows until it holds enough.
  for (let window = most * 60_000; ; window *= 4) {
    const from = nextDue(schedule, Math.max(first, until - window) - 1) ?? first;
    const times = from > until ? [] : follow(schedule, from, until, Number.POSITIVE_INFINITY);
    if (times.length >= most) return { times: times.slice(-most), earlier: COUNTED - most };
  }
}

function follow(schedule: Schedule, first: number, until: number, most: number): number[] {
  const times: number[] = [];
  for (let due: number | null = first; due !== null && due <= until; due = nextDue(schedule, due)) {
    times.push(due);
    if (times.length >= most) break;
  }
  return times;
}

/** ISO 8601; without an offset it is what a clock on the wall shows in that zone, and one that is left out shows the next time. */
function readTime(text: string, tz: string): number {
  const parts = ISO.exec(text);
  if (!parts) throw refuse("at", `"${text}" is no ISO 8601 time such as 2026-05-01T09:00`);
  const [year, month, day, hour, minute, second = 0] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const asUtc = Date.UTC(year!, month! - 1, day!, hour!, minute!, second);
  // A day or a minute that there is not would become another one.
  if (new Date(asUtc).toISOString().slice(0, 16) !== text.replace(" ", "T").slice(0, 16) || second > 59) {
    throw refuse("at", `"${text}" is no time of the calendar`);
  }
  const [fraction = "", isUtc, sign, hours, minutes] = parts.slice(7);
  const ms = Number(fraction.slice(0, 3).padEnd(3, "0"));
  if (isUtc !== undefined) return asUtc + ms;
  if (sign !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return asUtc + ms + (sign === "-" ? offset : -offset);
  }
  // No zone is further than a day from UTC; the next such minute after that is the one.
  const at = nextDue({ cron: `${minute} ${hour} ${day} ${month} *`, tz }, asUtc - 86_400_000);
  if (at === null || Math.abs(at - asUtc) > 2 * 86_400_000) throw refuse("at", `"${text}" is no time in ${tz}`);
  return at + second * 1000 + ms;
}

function refuse(path: string, message: string): AlephError {
  return new AlephError("invalid_params", `Schedule is not valid: ${message}`, {
    data: { issues: [{ path: `schedule.${path}`, message }] },
  });
}
