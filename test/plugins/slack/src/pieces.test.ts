import { expect, test } from "bun:test";
import fc from "fast-check";
import { piecesOf } from "../../../../plugins/slack/src/pieces.ts";

test("piecesOf leaves a short text whole and makes nothing of none", () => {
  expect([piecesOf("a\nb", 14), piecesOf("  ", 14)]).toEqual([["a\nb"], []]);
});

test("piecesOf cuts at the end of a line, else of a word, else anywhere", () => {
  expect(piecesOf("one two\nthree four", 14)).toEqual(["one two", "three four"]);
  expect(piecesOf("one two three four", 14)).toEqual(["one two", "three four"]);
  expect(piecesOf("abcdefghijklmnop", 14)).toEqual(["abcdefghij", "klmnop"]);
});

test("piecesOf tears no link, no escape and no character apart", () => {
  expect(piecesOf("1234567890 <https://e.com|x>", 24)).toEqual(["1234567890", "<https://e.com|x>"]);
  expect(piecesOf("12345678&amp;2345", 14)).toEqual(["12345678", "&amp;2345"]);
  expect(piecesOf("123456789😀23456", 14)).toEqual(["123456789", "😀23456"]);
});

test("piecesOf tears no fence of a block of code apart", () => {
  expect(piecesOf("12345678```\ncode```", 14)).toEqual(["12345678", "```\ncode```"]);
});

test("piecesOf keeps every word, and every piece within its limit", () => {
  const words = fc.array(
    fc.constantFrom("word", "\n", " ", "```", "<https://e.com|a>", "&amp;", "😀", "long".repeat(9)),
    {
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(words, fc.integer({ min: 60, max: 200 }), (parts, limit) => {
      const text = parts.join("");
      const pieces = piecesOf(text, limit);
      const bare = (value: string) => value.replaceAll("```", "").replaceAll(/\s/g, "");
      expect(bare(pieces.join(""))).toBe(bare(text));
      for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 1000 },
  );
});
