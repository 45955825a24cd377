/** Which rows of a long conversation are seen: only those are made, however much there is above and below. */

export interface Place {
  readonly key: string;
  readonly row: number;
}

/** Undefined follows the end. */
export type Anchor = Place | undefined;

/** A list of things that each have rows; `rows` may be asked for any of them, and is asked for few. */
export interface Rows<R> {
  readonly keys: readonly string[];
  rows(at: number): readonly R[];
}

export interface View<R> {
  readonly rows: readonly R[];
  /** Where the first of them stands; undefined where there is nothing. */
  readonly top: Place | undefined;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

interface Position {
  readonly at: number;
  readonly row: number;
}

export function viewOf<R>(list: Rows<R>, height: number, anchor: Anchor): View<R> {
  const end = endOf(list, height);
  if (!end) return { rows: [], top: undefined, atStart: true, atEnd: true };
  const top = anchor === undefined ? end : clampTo(end, positionOf(list, anchor) ?? end);
  const rows: R[] = [];
  for (let at = top.at, from = top.row; at < list.keys.length && rows.length < height; at++, from = 0) {
    rows.push(...list.rows(at).slice(from, from + height - rows.length));
  }
  return {
    rows,
    top: { key: list.keys[top.at]!, row: top.row },
    atStart: top.at === 0 && top.row === 0,
    atEnd: compare(top, end) >= 0,
  };
}

/** The anchor after so many rows down, or up where negative. */
export function scrolled<R>(list: Rows<R>, height: number, anchor: Anchor, by: number): Anchor {
  const end = endOf(list, height);
  if (!end) return undefined;
  let { at, row } = anchor === undefined ? end : clampTo(end, positionOf(list, anchor) ?? end);
  row += by;
  while (row < 0 && at > 0) row += list.rows(--at).length;
  if (row < 0) row = 0;
  for (let count = list.rows(at).length; row >= count && at < list.keys.length - 1; count = list.rows(at).length) {
    row -= count;
    at++;
  }
  if (compare({ at, row }, end) >= 0) return undefined;
  return { key: list.keys[at]!, row };
}

/** The first row of all that is there. */
export function startOf<R>(list: Rows<R>): Anchor {
  const [key] = list.keys;
  return key === undefined ? undefined : { key, row: 0 };
}

/** Where the view begins when its last row is the last of all. */
function endOf<R>(list: Rows<R>, height: number): Position | undefined {
  if (list.keys.length === 0) return undefined;
  let left = height;
  for (let at = list.keys.length - 1; at >= 0; at--) {
    const count = list.rows(at).length;
    if (count >= left) return { at, row: count - left };
    left -= count;
  }
  return { at: 0, row: 0 };
}

/** Rows that are no more, such as those of a card that was folded, count as the last of their entry. */
function positionOf<R>(list: Rows<R>, { key, row }: Place): Position | undefined {
  const at = list.keys.indexOf(key);
  if (at < 0) return undefined;
  return { at, row: Math.min(row, Math.max(0, list.rows(at).length - 1)) };
}

function clampTo(end: Position, position: Position): Position {
  return compare(position, end) > 0 ? end : position;
}

function compare(a: Position, b: Position): number {
  return a.at - b.at || a.row - b.row;
}
