import { expect, test } from "bun:test";
import { formatMarkdown } from "../../../src/channels/telegram/format.ts";
import { seededRandom } from "../../support/random.ts";

/** What each entity covers. */
function covered(markdown: string) {
  const { text, entities } = formatMarkdown(markdown);
  return { text, parts: entities.map(({ type, offset, length }) => [type, text.slice(offset, offset + length)]) };
}

test("formatMarkdown gives formats beside the text", () => {
  expect(covered("# Title\n\nHi **bold _both_** `a*b` ~~no~~ [here](https://example.com/?a=1&b=2) 👍 *x*")).toEqual({
    text: "Title\n\nHi bold both a*b no here 👍 x",
    parts: [
      ["bold", "Title"],
      ["bold", "bold both"],
      ["italic", "both"],
      ["code", "a*b"],
      ["strikethrough", "no"],
      ["text_link", "here"],
      ["italic", "x"],
    ],
  });
});

test("formatMarkdown keeps code, tables, quotes and lists readable", () => {
  expect(
    covered("```js\nlet *a*;\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n> said\n> so\n\n- a\n  - b **c**\n- [x] d\n\n3. q\n4. w"),
  ).toEqual({
    text: "let *a*;\n\n|a|b|\n|-|-|\n|1|2|\n\nsaid\nso\n\n• a\n  • b c\n• ☑ d\n\n3. q\n4. w",
    parts: [
      ["pre", "let *a*;"],
      ["pre", "|a|b|\n|-|-|\n|1|2|"],
      ["blockquote", "said\nso"],
      ["bold", "c"],
    ],
  });
  expect(formatMarkdown("```js\nx\n```").entities).toEqual([{ type: "pre", language: "js", offset: 0, length: 1 }]);
});

test("formatMarkdown keeps the number that a list begins with", () => {
  expect(["0. zero\n1. one", "1. one\n2. two", "7) seven\n8) eight"].map((list) => formatMarkdown(list).text)).toEqual([
    "0. zero\n1. one",
    "1. one\n2. two",
    "7. seven\n8. eight",
  ]);
});

test("formatMarkdown hides no address behind a name that Telegram would not show", () => {
  expect(covered("[bank](javascript:alert(1)) <https://a.example> [](https://b.example)").parts).toEqual([]);
});

test("formatMarkdown never makes a text longer, empty or formats beyond it, whatever is written", () => {
  const bits = [
    "*",
    "**",
    "_",
    "`",
    "```",
    "~~",
    "[",
    "](",
    ")",
    "https://x.y",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "> ",
    "|",
    "a",
    "b ",
    "<b>",
    "\\",
    "#",
    "👍",
    "&lt;",
    "    ",
    "---",
  ];
  for (let seed = 1; seed <= 600; seed += 1) {
    const random = seededRandom(seed);
    const markdown = `x${Array.from({ length: 30 }, () => bits[Math.floor(random() * bits.length)]).join("")}`;
    const { text, entities } = formatMarkdown(markdown);
    expect(text.length).toBeLessThanOrEqual(markdown.length);
    expect(text.trim()).not.toBe("");
    for (const { offset, length } of entities) {
      expect(length).toBeGreaterThan(0);
      expect(offset + length).toBeLessThanOrEqual(text.length);
    }
  }
});
