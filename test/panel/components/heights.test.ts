import { expect, test } from "bun:test";
import fc from "fast-check";
import { createHeights } from "../../../src/panel/components/heights.ts";

const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ key: `k${at}` }));

test("heights are estimates until they are measured", () => {
  const heights = createHeights();
  heights.layOut(rows(3), () => 100);
  expect([heights.total, heights.top(1), heights.topOf("k2"), heights.topOf("gone")]).toEqual([
    300,
    100,
    200,
    undefined,
  ]);
  expect(heights.set("k0", 40)).toBe(true);
  expect(heights.set("k0", 40.2)).toBe(false);
  expect([heights.total, heights.topOf("k2"), heights.has("k0"), heights.has("k1")]).toEqual([240, 140, true, false]);
});

test("heights of rows that stay are kept when rows come before them", () => {
  const heights = createHeights();
  heights.layOut([{ key: "b" }], () => 100);
  heights.set("b", 30);
  heights.layOut([{ key: "a" }, { key: "b" }], () => 100);
  expect([heights.topOf("b"), heights.total]).toEqual([100, 130]);
  heights.layOut([{ key: "a" }], () => 100);
  expect([heights.has("b"), heights.total]).toEqual([false, 100]);
});

test("heights of no rows are nothing", () => {
  const heights = createHeights();
  heights.layOut([], () => 1);
  expect([heights.total, heights.at(0), heights.range(0, 500, 100)]).toEqual([0, undefined, { start: 0, end: 0 }]);
});

test("heights find the rows that touch the view, and no row is left out", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 1, max: 900 }),
      (sizes, top, view) => {
        const heights = createHeights();
        const items = rows(sizes.length);
        heights.layOut(items, () => 50);
        for (const [at, size] of sizes.entries()) heights.set(`k${at}`, size);
        const { start, end } = heights.range(top, view, 0);
        for (const at of sizes.keys()) {
          const touches = heights.top(at) < top + view && heights.top(at + 1) > top;
          if (touches) expect(at >= start && at < end).toBe(true);
        }
        const anchor = heights.at(Math.min(top, heights.total))!;
        expect(heights.topOf(anchor.key)! + anchor.offset).toBe(Math.min(top, heights.total));
      },
    ),
  );
});
