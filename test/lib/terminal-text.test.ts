import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { exactLine, printable, printableJson, printableLine } from "../../src/lib/terminal-text.ts";

test.each([
  ["a\x1b[2Jb", "a\\x1b[2Jb"],
  ["\x1b]0;title\x07", "\\x1b]0;title\\x07"],
  ["\u009b2J", "\\x9b2J"],
  ["one\r\ntwo\ttab\n", "one\ntwo\ttab\n"],
  ["over\rwritten", "over\\x0dwritten"],
  ["back\b\x7f", "back\\x08\\x7f"],
  ["a\u202eb\u2066c", "a\\u{202e}b\\u{2066}c"],
  ["\u{e0041}", "\\u{e0041}"],
  ["Grüße, 你好, 👩‍👩‍👧, שלום", "Grüße, 你好, 👩‍👩‍👧, שלום"],
])("printable shows %j as %j", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("printableLine keeps one line", () => {
  expect(printableLine("a\n\tb\x1b[m")).toBe("a b\\x1b[m");
});

test("exactLine shows every character that could hide", () => {
  expect(exactLine("rm\u200b -rf\t/\n#\u00ad\ufeff\u3164")).toBe("rm\\u{200b} -rf\\t/\\n#\\xad\\u{feff}\\u{3164}");
});

test("printable text moves no cursor, whatever comes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(/(?![\n\t])\p{Cc}/u.test(printable(text))).toBe(false);
      expect(/[\p{Cc}\p{Cf}]/u.test(exactLine(text))).toBe(false);
    }),
  );
});

test("printableJson is JSON of the same value, without a control character", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const json = printableJson({ value, text });
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(/\p{Cc}/u.test(json)).toBe(false);
    }),
  );
});
