import { expect, test } from "bun:test";
import fc from "fast-check";
import { diffLines, diffWords } from "../../src/lib/text-diff.ts";

const short = (before: string, after: string) => diffWords(before, after).map(({ kind, text }) => [kind, text]);

test("diffWords names the words that went and those that came in their place", () => {
  expect(short("Adds two numbers.", "Adds two numbers and sends them.")).toEqual([
    ["same", "Adds two numbers"],
    ["added", " and sends them"],
    ["same", "."],
  ]);
  expect(short("read the file", "delete the file")).toEqual([
    ["removed", "read"],
    ["added", "delete"],
    ["same", " the file"],
  ]);
  expect(short("a\nb\nc", "a\nx\nc")).toEqual([
    ["same", "a\n"],
    ["removed", "b"],
    ["added", "x"],
    ["same", "\nc"],
  ]);
});

test("diffWords of equal and of empty texts", () => {
  expect([short("same", "same"), short("", ""), short("", "new"), short("old", "")]).toEqual([
    [["same", "same"]],
    [],
    [["added", "new"]],
    [["removed", "old"]],
  ]);
});

test("diffWords loses and invents nothing", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", ".", "é", "\u{1F600}", "\u202E") });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const parts = diffWords(before, after);
      const without = (kind: string) =>
        parts
          .filter((part) => part.kind !== kind)
          .map((part) => part.text)
          .join("");
      expect([without("added"), without("removed")]).toEqual([before, after]);
      parts.forEach(({ kind, text }, index) => {
        expect(text).not.toBe("");
        expect(kind).not.toBe(parts[index + 1]?.kind as never);
      });
    }),
  );
});

test("diffWords takes what is too long to compare for another text between the common ends", () => {
  const many = (word: string) => Array.from({ length: 3000 }, (_, index) => `${word}${index}`).join(" ");
  const parts = diffWords(`start ${many("a")} end`, `start ${many("b")} end`);
  expect(parts.map(({ kind }) => kind)).toEqual(["same", "removed", "added", "same"]);
});

test("diffLines names whole lines with their ends", () => {
  const lines = (before: string, after: string) => diffLines(before, after).map(({ kind, text }) => [kind, text]);
  expect(lines("a\nb\nc", "a\nx\ny\nc")).toEqual([
    ["same", "a\n"],
    ["removed", "b\n"],
    ["added", "x\ny\n"],
    ["same", "c"],
  ]);
  expect([lines("", ""), lines("", "a"), lines("a", "a\n")]).toEqual([
    [],
    [["added", "a"]],
    [
      ["removed", "a"],
      ["added", "a\n"],
    ],
  ]);
});
