import { expect, test } from "bun:test";
import { compare } from "../../../scripts/bench/compare.ts";

const bar = (value: string) => ({ text: "at most 2", value, holds: true });

test("compare sets each number beside what it was, by the ratio where there is one", () => {
  const before = {
    machine: "a machine of yesterday",
    rows: [
      { name: "start", aleph: "40 ms", baseline: "20 ms", bar: bar("2.00×") },
      { name: "round trips", aleph: "10,000/s", baseline: "12,000/s" },
      { name: "words", aleph: "fine", baseline: "" },
      { name: "dropped", aleph: "1", baseline: "" },
    ],
  };
  const rows = [
    { name: "start", aleph: "90 ms", baseline: "50 ms", bar: bar("1.80×") },
    { name: "round trips", aleph: "12,500/s", baseline: "12,000/s" },
    { name: "words", aleph: "fine", baseline: "" },
    { name: "another", aleph: "3 ms", baseline: "" },
  ];
  expect(compare(rows, before)).toBe(`Beside a machine of yesterday:

| measured | now | before | change |
|---|---|---|---|
| start | 1.80× | 2.00× | −10 % |
| round trips | 12,500/s | 10,000/s | +25 % |
| words | fine | fine |  |
| another | 3 ms | new |  |

Not measured this time: dropped`);
});

test("compare says that nothing is stored", () => {
  expect(compare([], undefined)).toBe("No run is stored: --store keeps this one");
});
