import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  charactersOf,
  chopLine,
  clean,
  cutText,
  type Line,
  lineWidth,
  padLine,
  span,
  spreadLine,
  widthOf,
  wrapLine,
} from "../../src/tui/line.ts";

const text = (line: Line): string => line.map((piece) => piece.text).join("");
const wrapped = (words: string, width: number): string[] => wrapLine([span(words)], width).map(text);

test("wrapLine breaks between words, and within one where it must", () => {
  expect(wrapped("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrapped("abcdefghij kl", 4)).toEqual(["abcd", "efgh", "ij", "kl"]);
  expect(wrapped("a\n\nb", 10)).toEqual(["a", "", "b"]);
  expect(wrapped("  indented", 20)).toEqual(["  indented"]);
  expect(wrapped("", 5)).toEqual([""]);
});

test("wrapLine keeps a word together that has several looks", () => {
  const bold = { hue: "text", bold: true } as const;
  const line = [span("ab "), span("cd", bold), span("ef gh")];
  expect(wrapLine(line, 6).map(text)).toEqual(["ab", "cdef", "gh"]);
});

test("wrapLine counts columns, not code units", () => {
  expect(wrapped("你好 世界", 5)).toEqual(["你好", "世界"]);
  expect(wrapped("👩‍👩‍👧 ok", 2)).toEqual(["👩‍👩‍👧", "ok"]);
});

test("wrapLine and chopLine lose no character and keep to the width, whatever is written", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (raw, width) => {
      const words = clean(raw);
      // Some signs are wider than the narrowest line; they stand alone and stick out.
      fc.pre(charactersOf(words).every((character) => widthOf(character) <= width));
      for (const lines of [wrapLine([span(words)], width), chopLine([span(words.replaceAll("\n", ""))], width)]) {
        for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(width);
      }
      const chopped = chopLine([span(words.replaceAll("\n", ""))], width);
      expect(chopped.map(text).join("")).toBe(words.replaceAll("\n", ""));
      const bare = (some: string) => some.replace(/[ \n]/g, "");
      expect(
        bare(
          wrapLine([span(words)], width)
            .map(text)
            .join(""),
        ),
      ).toBe(bare(words));
    }),
    { numRuns: 1000 },
  );
});

test("cutText ends with an ellipsis where something is cut", () => {
  expect([cutText("abc", 3), cutText("abcd", 3), cutText("你好吗", 5), cutText("ab", 0)]).toEqual([
    "abc",
    "ab…",
    "你好…",
    "",
  ]);
});

test("padLine and spreadLine are exactly as wide as they are asked to be", () => {
  expect(text(padLine([span("ab")], 4))).toBe("ab  ");
  expect(text(padLine([span("abcdef")], 4))).toBe("abc…");
  expect(text(spreadLine([span("left")], [span("right")], 12))).toBe("left   right");
  expect(text(spreadLine([span("a long left")], [span("right")], 12))).toBe("a long…right");
});

test("clean leaves nothing that could move the cursor", () => {
  expect(clean("a\x1b[2Jb\tc\u202ed")).toBe("a\\x1b[2Jb    c\\u{202e}d");
});
