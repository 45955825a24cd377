import { expect, test } from "bun:test";
import { deepFreeze } from "../../src/lib/deep-freeze.ts";

test("deepFreeze: the value itself and all below, cycles included", () => {
  const value = { list: [{ a: 1 }], table: { deep: { x: 1 } }, self: undefined as unknown };
  value.self = value;
  expect(deepFreeze(value)).toBe(value);
  const parts = [value, value.list, value.list[0], value.table, value.table.deep];
  expect(parts.map(Object.isFrozen)).toEqual(parts.map(() => true));
  expect(() => value.list.push({ a: 2 })).toThrow(TypeError);
  expect([deepFreeze("x"), deepFreeze(null), deepFreeze(5)]).toEqual(["x", null, 5]);
});
