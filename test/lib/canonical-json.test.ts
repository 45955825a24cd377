import { expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalDigest, canonicalJson } from "../../src/lib/canonical-json.ts";

test("canonicalJson sorts the keys at every depth and keeps the order of lists", () => {
  const value = { b: [2, { d: 1, c: undefined, a: null }], a: "ä\n" };
  expect(canonicalJson(value)).toBe('{"a":"ä\\n","b":[2,{"a":null,"d":1}]}');
});

test("canonicalJson has one spelling whatever the order in which keys were set", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    }),
  );
});

test("canonicalJson refuses what has no JSON form", () => {
  expect(() => canonicalJson(undefined)).toThrow("Value has no JSON form");
});

test("canonicalDigest is the SHA-256 of the canonical form", () => {
  expect(canonicalDigest({ b: 1, a: 2 })).toBe(new Bun.CryptoHasher("sha256").update('{"a":2,"b":1}').digest("hex"));
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, item]) => [key, reversed(item)]));
}
