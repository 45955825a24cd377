import { expect, test } from "bun:test";
import { BlockBudget } from "../../../../src/plugin/runtimes/wasm/guest-memory.ts";

const at = (number: number) => BigInt.asIntN(64, BigInt(number) << 48n);

test("blocks and the module's own memory share one limit", () => {
  let memory = 0;
  const budget = new BlockBudget(100_000, () => memory);
  expect(budget.make(60_000, () => at(1))).toBe(at(1));
  expect(() => budget.make(60_000, () => at(2))).toThrow("over its memory limit");
  budget.free(at(1) + 5n);
  memory = 50_000;
  expect(() => budget.make(60_000, () => at(2))).toThrow("over its memory limit");
  memory = 0;
  expect(budget.make(60_000, () => at(2))).toBe(at(2));
});

test("a block that was refused is not made, and one that is freed twice counts once", () => {
  const budget = new BlockBudget(10_000, () => 0);
  let made = 0;
  const make = (bytes: number) =>
    budget.make(bytes, () => {
      made += 1;
      return at(made);
    });
  make(4000);
  make(4000);
  for (let times = 0; times < 3; times++) budget.free(at(1));
  make(4000);
  for (const bytes of [4000, Number.NaN, -1, 1e15]) expect(() => make(bytes)).toThrow("over its memory limit");
  expect(made).toBe(3);
});

test("blocks that are empty count too, and so does their number", () => {
  const small = new BlockBudget(10_000, () => 0);
  for (let number = 1; number <= 19; number++) small.make(0, () => at(number));
  expect(() => small.make(0, () => at(20))).toThrow("over its memory limit");
  const large = new BlockBudget(1e9, () => 0);
  for (let number = 1; number <= 32_000; number++) large.make(0, () => at(number));
  expect(() => large.make(0, () => at(1))).toThrow("more than 32000 blocks in one call");
  large.reset();
  large.make(0, () => at(1));
});
