import { expect, test } from "bun:test";
import { createId, createSecret } from "../../src/lib/id.ts";
import { maskText } from "../../src/lib/mask.ts";

test("createId: the prefix and a UUIDv7 in hex; ids sort by the order in which they were made", () => {
  const ids = Array.from({ length: 10_000 }, () => createId("run"));
  expect(ids.every((id) => /^run_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  const made = Number.parseInt(ids[0]!.slice(4, 16), 16);
  expect(Math.abs(Date.now() - made)).toBeLessThan(60_000);
});

test("createSecret: 256 bits, no two alike, in a shape that is masked wherever it shows", () => {
  const secrets = Array.from({ length: 1000 }, () => createSecret("gw"));
  expect(secrets.every((secret) => /^aleph_gw_[A-Za-z0-9_-]{43}$/.test(secret))).toBe(true);
  expect(new Set(secrets).size).toBe(secrets.length);
  expect(secrets.filter((secret) => maskText(`x ${secret} y`) !== "x [masked] y")).toEqual([]);
});
