import { expect, test } from "bun:test";
import { firstDifference } from "../../src/lib/first-difference.ts";

test.each([
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, undefined],
  [{ a: 1, b: undefined }, { a: 1 }, undefined],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, { path: "a.1.b", a: 2, b: 3 }],
  [{ a: 1 }, { a: 1, c: 2 }, { path: "c", a: undefined, b: 2 }],
  [[1, 2], [1], { path: "1", a: 2, b: undefined }],
  [[], {}, { path: "", a: [], b: {} }],
  [null, {}, { path: "", a: null, b: {} }],
  ["a", "b", { path: "", a: "a", b: "b" }],
  [Number.NaN, Number.NaN, undefined],
])("the first difference of %j and %j is %j", (a, b, difference) => {
  expect<unknown>(firstDifference(a, b)).toEqual(difference);
});
