/** The table of models: nothing in it may be off by the order of magnitude that a slip of the finger makes. */
import { describe, expect, test } from "bun:test";
import { catalogue } from "../../../src/providers/models/catalogue.ts";
import type { ModelFacts } from "../../../src/sdk/provider.ts";

const ENTRIES = Object.entries(catalogue).flatMap(([vendor, models]) =>
  Object.entries(models as Record<string, ModelFacts>).map(([id, facts]) => [vendor, id, facts] as const),
);

describe.each(ENTRIES)("catalogue %s %s", (_vendor, id, { contextWindow, maxOutput, price, priceUntil, tools }) => {
  test("holds what can be", () => {
    expect(id).toMatch(/^[a-z0-9.-]+$/);
    expect(contextWindow).toBeGreaterThanOrEqual(2_000);
    expect(contextWindow).toBeLessThanOrEqual(2_000_000);
    if (maxOutput !== undefined) expect(maxOutput).toBeLessThan(contextWindow!);
    if (priceUntil !== undefined) expect(Date.parse(priceUntil)).not.toBeNaN();
    for (const part of price === undefined ? [] : [price, ...(price.long === undefined ? [] : [price.long])]) {
      expect(part.input).toBeGreaterThan(0);
      expect(part.input).toBeLessThanOrEqual(60);
      if (tools === true) {
        expect(part.output / part.input).toBeGreaterThanOrEqual(3);
        expect(part.output / part.input).toBeLessThanOrEqual(9);
      }
      if (part.cacheRead !== undefined) expect(part.cacheRead).toBeLessThan(part.input);
      if (part.cacheWrite !== undefined) expect(part.cacheWrite).toBeCloseTo(part.input * 1.25, 10);
    }
    if (price?.long !== undefined) {
      expect(price.long.over).toBeLessThan(contextWindow!);
      expect(price.long.input).toBeGreaterThan(price.input);
      expect(price.long.output).toBeGreaterThan(price.output);
    }
  });
});
