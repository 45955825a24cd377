/** How workbooks name cells and write dates. */

const DAY_MS = 86_400_000;

/** `C12` is in column 2. */
export function columnOf(reference: string): number {
  let column = 0;
  for (const letter of /^[A-Z]{1,3}/.exec(reference)?.[0] ?? "A") column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** Whether a format shows a number as a date or a time: one of those that are built in, or one with such letters. */
export function isDateFormat(id: number, code: string | undefined): boolean {
  if (code === undefined) return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47);
  const bare = code.replace(/"[^"]*"|\\.|_.|\*./g, "").replace(/\[(?!h|m|s)[^\]]*\]/gi, "");
  return /[ymdhs]/i.test(bare) && !/^general$/i.test(bare);
}

/** Days since 1900 or 1904 as `2026-01-31`, with a time when there is one, or only that. Nothing when it is no date. */
export function serialDate(serial: number, from1904: boolean): string | undefined {
  if (!Number.isFinite(serial) || serial < 0 || serial > 2_958_466) return undefined;
  // The first of these systems counts a 29 February 1900 that never was.
  const days = from1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial;
  const at = new Date(Math.round((days - 25_569) * DAY_MS));
  const [date, time] = at.toISOString().slice(0, 19).split("T");
  if (serial < 1 && !from1904) return time;
  return time === "00:00:00" ? date : `${date} ${time}`;
}
