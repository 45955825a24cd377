import { expect, test } from "bun:test";
import { type Anchor, type Rows, scrolled, startOf, viewOf } from "../../src/tui/viewport.ts";

/** Entries `a0 a1 …` with as many rows as are given; counts for which of them rows were made. */
function list(heights: Readonly<Record<string, number>>) {
  const made = new Set<string>();
  const rows: Rows<string> = {
    keys: Object.keys(heights),
    rows(at) {
      const [key, height] = Object.entries(heights)[at]!;
      made.add(key);
      return Array.from({ length: height }, (_, row) => `${key}${row}`);
    },
  };
  return { rows, made };
}

test("viewOf follows the end without an anchor", () => {
  const { rows } = list({ a: 3, b: 2, c: 4 });
  expect(viewOf(rows, 5, undefined)).toEqual({
    rows: ["b1", "c0", "c1", "c2", "c3"],
    top: { key: "b", row: 1 },
    atStart: false,
    atEnd: true,
  });
  expect(viewOf(list({}).rows, 5, undefined)).toEqual({ rows: [], top: undefined, atStart: true, atEnd: true });
  expect(viewOf(list({ a: 2 }).rows, 5, undefined).rows).toEqual(["a0", "a1"]);
});

test("viewOf stays at its anchor while something comes at the end or before it", () => {
  const anchor: Anchor = { key: "b", row: 0 };
  const seen = (heights: Record<string, number>) => viewOf(list(heights).rows, 3, anchor);
  expect(seen({ a: 3, b: 2, c: 4 }).rows).toEqual(["b0", "b1", "c0"]);
  expect(seen({ a: 3, b: 2, c: 9, d: 5 })).toMatchObject({ rows: ["b0", "b1", "c0"], atEnd: false });
  expect(seen({ z: 50, a: 3, b: 2, c: 4 }).rows).toEqual(["b0", "b1", "c0"]);
});

test("viewOf forgives an anchor that is gone or was folded away", () => {
  expect(viewOf(list({ a: 3, b: 9 }).rows, 2, { key: "gone", row: 4 }).atEnd).toBe(true);
  expect(viewOf(list({ a: 3, b: 9 }).rows, 2, { key: "a", row: 40 }).rows).toEqual(["a2", "b0"]);
});

test("scrolled goes up and down by rows, and follows again at the end", () => {
  const { rows } = list({ a: 3, b: 2, c: 4 });
  const up = scrolled(rows, 4, undefined, -2);
  expect(up).toEqual({ key: "b", row: 0 });
  expect(scrolled(rows, 4, up, -100)).toEqual({ key: "a", row: 0 });
  expect(scrolled(rows, 4, up, 1)).toEqual({ key: "b", row: 1 });
  expect(scrolled(rows, 4, up, 2)).toBeUndefined();
  expect(scrolled(rows, 4, up, 100)).toBeUndefined();
  expect(scrolled(list({}).rows, 4, undefined, -1)).toBeUndefined();
  expect(scrolled(list({ a: 2 }).rows, 4, undefined, -1)).toBeUndefined();
  expect(startOf(rows)).toEqual({ key: "a", row: 0 });
});

test("only what is in sight is made, however long the conversation is", () => {
  const heights = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`m${at}.`, 7]));
  const { rows, made } = list(heights);
  viewOf(rows, 50, undefined);
  expect(made.size).toBeLessThan(12);
  viewOf(rows, 50, scrolled(rows, 50, undefined, -200));
  expect(made.size).toBeLessThan(60);
});
