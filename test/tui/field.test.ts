import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  EMPTY,
  erase,
  type Field,
  fieldOf,
  insert,
  layOut,
  move,
  moveLine,
  recall,
  replace,
} from "../../src/tui/field.ts";
import { charactersOf, widthOf } from "../../src/tui/line.ts";

const at = (marked: string): Field => fieldOf(marked.replace("|", ""), marked.indexOf("|"));
const marked = ({ text, cursor }: Field): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

test("insert and replace leave the cursor behind what came", () => {
  expect(marked(insert(at("a|c"), "b"))).toBe("ab|c");
  expect(marked(replace(at("say @no|"), 4, 7, "@notes/"))).toBe("say @notes/|");
});

test.each([
  ["left", "ab|c", "a|bc"],
  ["left", "|abc", "|abc"],
  ["left", "a👩‍👩‍👧|b", "a|👩‍👩‍👧b"],
  ["right", "a|é", "aé|"],
  ["word-left", "one two|", "one |two"],
  ["word-left", "one, |two", "|one, two"],
  ["word-right", "|one two", "one| two"],
  ["line-start", "one\ntw|o", "one\n|two"],
  ["line-end", "o|ne\ntwo", "one|\ntwo"],
  ["start", "one\ntw|o", "|one\ntwo"],
  ["end", "o|ne\ntwo", "one\ntwo|"],
] as const)("move %s brings %s to %s", (motion, before, after) => {
  expect(marked(move(at(before), motion))).toBe(after);
});

test("erase takes away what the motion passes", () => {
  expect(marked(erase(at("one two|"), "word-left"))).toBe("one |");
  expect(marked(erase(at("one| two"), "line-end"))).toBe("one|");
  expect(marked(erase(at("你|好"), "left"))).toBe("|好");
  expect(marked(erase(at("|"), "left"))).toBe("|");
});

test("layOut breaks long lines and finds the cursor", () => {
  expect(layOut(at("abcdef|\ngh"), 4)).toEqual({
    rows: [
      { text: "abcd", start: 0 },
      { text: "ef", start: 4 },
      { text: "gh", start: 7 },
    ],
    row: 1,
    column: 2,
  });
});

test("layOut puts the cursor behind a full line onto the next", () => {
  const { rows, row, column } = layOut(at("abcd|"), 4);
  expect({ rows: rows.map(({ text }) => text), row, column }).toEqual({ rows: ["abcd", ""], row: 1, column: 0 });
});

test("layOut always has the cursor on a row that is there", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.integer({ min: 2, max: 9 }),
      fc.nat(),
      (text, width, seed) => {
        fc.pre(charactersOf(text).every((character) => widthOf(character) <= width));
        let field = fieldOf(text, 0);
        for (let steps = seed % (text.length + 1); steps > 0; steps--) field = move(field, "right");
        const { rows, row, column } = layOut(field, width);
        expect(row).toBeLessThan(rows.length);
        expect(column).toBeLessThan(Math.max(width, 2));
        expect(rows.map((each) => each.text).join("")).toBe(text.replaceAll("\n", ""));
      },
    ),
  );
});

test("moveLine keeps the column, and ends at the first and last line", () => {
  expect(marked(moveLine(at("abc\nde|f"), -1, 10)!)).toBe("ab|c\ndef");
  expect(marked(moveLine(at("abc|\nd"), 1, 10)!)).toBe("abc\nd|");
  expect(moveLine(at("a|bc"), -1, 10)).toBeUndefined();
});

test("recall goes back through the history and returns to what was begun", () => {
  const history = ["newest", "older"];
  const begun = fieldOf("begun");
  const first = recall(begun, 1, history)!;
  const second = recall(first, 1, history)!;
  expect([first.text, second.text, recall(second, 1, history)]).toEqual(["newest", "older", undefined]);
  expect(recall(recall(second, -1, history)!, -1, history)!.text).toBe("begun");
  expect(recall(EMPTY, -1, history)).toBeUndefined();
});
