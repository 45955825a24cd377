import { expect, test } from "bun:test";
import { mapStrings } from "../../src/lib/map-strings.ts";

test("mapStrings replaces strings at any depth in a copy, and nothing else", async () => {
  const value = { a: "x", b: [1, "y", null, { c: "z", d: true }] };
  expect(await mapStrings(value, async (text) => `${text}!`)).toEqual({
    a: "x!",
    b: [1, "y!", null, { c: "z!", d: true }],
  });
  expect(value.a).toBe("x");
});

test("mapStrings rejects with what replacing a string threw", async () => {
  const refuse = async () => {
    throw new Error("no");
  };
  expect(await mapStrings([1, 2], refuse)).toEqual([1, 2]);
  await expect(mapStrings({ a: ["b"] }, refuse)).rejects.toThrow("no");
});
