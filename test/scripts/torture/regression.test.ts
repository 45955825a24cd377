import { expect, test } from "bun:test";
import { slopeOf } from "../../../scripts/torture/regression.ts";
import { seededRandom } from "../../support/random.ts";

test("slopeOf finds a line that is one, without doubt", () => {
  const points = Array.from({ length: 50 }, (_, x) => [x, 3 * x + 100] as const);
  const { slope, margin } = slopeOf(points);
  expect(slope).toBeCloseTo(3, 9);
  expect(margin).toBeCloseTo(0, 9);
});

test("slopeOf tells a leak from noise", () => {
  const random = seededRandom(1);
  const noise = Array.from({ length: 200 }, (_, x) => [x, 100 + random() * 10] as const);
  const flat = slopeOf(noise);
  expect(Math.abs(flat.slope)).toBeLessThan(flat.margin);
  const leak = slopeOf(noise.map(([x, y]) => [x, y + x] as const));
  expect(leak.slope - leak.margin).toBeGreaterThan(0.9);
});

test("slopeOf is less sure of measurements that resemble their neighbours", () => {
  const random = seededRandom(2);
  const values = Array.from({ length: 200 }, () => random());
  const apart = slopeOf(values.map((y, x) => [x, y] as const));
  const wave = slopeOf(values.map((_, x) => [x, Math.sin(x / 8)] as const));
  expect(wave.margin).toBeGreaterThan(apart.margin * 3);
});

test("slopeOf refuses fewer than three measurements", () => {
  expect(() =>
    slopeOf([
      [1, 1],
      [2, 2],
    ]),
  ).toThrow("A slope needs three measurements");
});
