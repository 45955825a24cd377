import { expect, test } from "bun:test";
import { fuseRanks } from "../../src/memory/ranking.ts";

test("fuseRanks puts first what several lists know", () => {
  expect(
    fuseRanks([
      ["a", "b", "c"],
      ["c", "d"],
    ]).map(({ item }) => item),
  ).toEqual(["c", "a", "b", "d"]);
  expect(fuseRanks([["a"]])).toEqual([{ item: "a", score: 1 / 61 }]);
  expect(fuseRanks([[], []])).toEqual([]);
});
