import { expect, test } from "bun:test";
import { createColour } from "../../src/tui/code.ts";
import type { Line } from "../../src/tui/line.ts";
import { lineWidth } from "../../src/tui/line.ts";
import { createTypesetter, type Typeset } from "../../src/tui/markdown.ts";

const typeset = createTypesetter(createColour());
const text = (line: Line): string =>
  line
    .map((piece) => piece.text)
    .join("")
    .trimEnd();
const lines = (source: string, width = 40): string[] => typeset(source, width).lines.map(text);

test("Markdown becomes headings, paragraphs, lists and quotes", () => {
  const source =
    "# Title\n\nA **bold** word\nand more.\n\n- one\n  - two\n- [x] done\n\n3. three\n4. four\n\n> said\n> so\n\n---";
  expect(lines(source)).toEqual([
    "Title",
    "",
    "A bold word",
    "and more.",
    "",
    "• one",
    "  ◦ two",
    "• [x] done",
    "",
    "3. three",
    "4. four",
    "",
    "▏ said",
    "▏ so",
    "",
    "─".repeat(40),
  ]);
});

test("Markdown has looks for what is strong, slanted, struck out and code", () => {
  const [line] = typeset("**b** *i* ~~s~~ `c`", 40).lines;
  expect(line!.filter((piece) => piece.text !== " ")).toEqual([
    { text: "b", look: { hue: "text", bold: true } },
    { text: "i", look: { hue: "text", italic: true } },
    { text: "s", look: { hue: "text", strike: true } },
    { text: "c", look: { hue: "code" } },
  ]);
});

test("Markdown says where a link leads", () => {
  expect(lines("[safe](https://evil.example) and https://plain.example", 80)).toEqual([
    "safe (https://evil.example) and https://plain.example",
  ]);
});

test("Markdown's code is coloured and broken anywhere, its lines kept", () => {
  expect(lines("```ts\nconst a = 1;\n\nlet bcd = 'efghij';\n```", 14)).toEqual([
    "│ const a = 1;",
    "│",
    "│ let bcd = 'e",
    "│ fghij';",
  ]);
  const hues = typeset("```ts\nconst a = 1;\n```", 40).lines[0]!.map(({ look }) => look.hue);
  expect(hues).toEqual(["muted", "keyword", "code", "number", "code"]);
});

test("Markdown's diffs have their colours", () => {
  const hues = typeset("```diff\n@@ -1 +1 @@\n-old\n+new\n same\n```", 40).lines.map((line) => line[1]!.look.hue);
  expect(hues).toEqual(["accent", "bad", "good", "text"]);
});

test("Markdown's tables are aligned, and their cells wrap where they are too wide", () => {
  expect(lines("| a | n |\n|---|--:|\n| one | 1 |\n| three | 22 |")).toEqual([
    "a     │   n",
    "──────┼────",
    "one   │   1",
    "three │  22",
  ]);
  const narrow = typeset("| a | b |\n|---|---|\n| many words stand here | and here |", 16).lines;
  expect(Math.max(...narrow.map(lineWidth))).toBeLessThanOrEqual(16);
  expect(narrow.map(text).join(" ").match(/\w+/g)!.toSorted()).toEqual(
    ["a", "and", "b", "here", "here", "many", "stand", "words"].toSorted(),
  );
});

test("Markdown from a stranger moves no cursor", () => {
  expect(lines("a\x1b[2Jb\n\n```\n\x1b]0;x\x07\n```").join("\n")).not.toMatch(/\p{Cc}(?<!\n)/u);
});

test("a text that grows is typeset as it would be at once, piece by piece", () => {
  const source =
    "# A\n\nWords and `code`.\n\n```js\nlet a = 1;\nlet b;\n```\n\n- x\n- y\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.";
  let before: Typeset | undefined;
  for (let end = 1; end <= source.length; end++) {
    before = typeset(source.slice(0, end), 30, before);
    expect(before.lines.map(text)).toEqual(lines(source.slice(0, end), 30));
  }
  expect(typeset(source, 30, before)).toBe(before!);
});
