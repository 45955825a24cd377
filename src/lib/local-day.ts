/** Calendar days of a time zone: which one a moment belongs to, and where it begins and ends. */

export interface LocalDay {
  /** `2026-07-31` */
  readonly date: string;
  /** Unix milliseconds of its first moment. */
  readonly start: number;
  /** Unix milliseconds of the next day's first moment. */
  readonly end: number;
}

/** No day is longer, whatever the clocks do: a change to a zone a whole day away included. */
const LONGEST_MS = 50 * 60 * 60 * 1000;

/** Throws `RangeError` for a time zone that is not known. Days that follow each other are found without a search. */
export function createLocalDays(timeZone: string): (ts: number) => LocalDay {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  const dateOf = (ts: number) => format.format(ts);
  let last: LocalDay | undefined;
  return (ts) => {
    if (last && ts >= last.start && ts < last.end) return last;
    const date = dateOf(ts);
    const isThatDay = (moment: number) => dateOf(moment) === date;
    const start = firstBetween(ts - LONGEST_MS, ts, isThatDay);
    const end = firstBetween(ts, ts + LONGEST_MS, (moment) => !isThatDay(moment));
    last = { date, start, end };
    return last;
  };
}

/** The first moment after `low` for which `holds`; it does not hold at `low` and holds at `high`. */
function firstBetween(low: number, high: number, holds: (moment: number) => boolean): number {
  let [before, after] = [low, high];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (holds(middle)) after = middle;
    else before = middle;
  }
  return after;
}
