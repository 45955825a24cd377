import { expect, test } from "bun:test";
import { splitText } from "../../src/channel/split-text.ts";
import { seededRandom } from "../support/random.ts";

test("splitText leaves a short text as it is, and nothing of an empty one", () => {
  expect(splitText("Hello\nyou", 20)).toEqual(["Hello\nyou"]);
  expect(splitText(" \n ", 20)).toEqual([]);
});

test("splitText cuts at paragraphs, then lines, then words", () => {
  expect(splitText("One two three.\n\nFour five six.", 20)).toEqual(["One two three.", "Four five six."]);
  expect(splitText("One two three.\nFour five six.", 20)).toEqual(["One two three.", "Four five six."]);
  expect(splitText("One two three Four five six.", 20)).toEqual(["One two three Four", "five six."]);
});

test("splitText goes on with a code block that it had to cut", () => {
  const code = Array.from({ length: 8 }, (_, at) => `let v${at} = ${at};`).join("\n");
  const pieces = splitText(`\`\`\`js\n${code}\n\`\`\`\ndone`, 60);
  expect(pieces.length).toBeGreaterThan(2);
  for (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(60);
    expect((piece.match(/^```/gm) ?? []).length % 2).toBe(0);
  }
  expect(
    pieces
      .join("\n")
      .replaceAll(/^```.*\n?/gm, "")
      .replaceAll(/\n+/g, "\n"),
  ).toBe(`${code}\ndone`);
});

test("splitText moves a code block that begins late to the next message whole", () => {
  const block = "```\nfirst line\nsecond line\n```";
  expect(splitText(`${"word ".repeat(6)}\n${block}`, 45)).toEqual(["word word word word word word", block]);
});

test("splitText tears no grapheme apart", () => {
  const family = "👨‍👩‍👧‍👦";
  const pieces = splitText(family.repeat(20), 50);
  expect(pieces.join("")).toBe(family.repeat(20));
  for (const piece of pieces) expect(piece.length % family.length).toBe(0);
});

test("splitText keeps every letter, whatever the text, and never makes a piece too long", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    const limit = 30 + Math.floor(random() * 100);
    let text = "";
    for (let at = 0; at < 80; at += 1) {
      const pick = random();
      if (pick < 0.1) text += "\n";
      else if (pick < 0.15) text += "\n```ts\n";
      else if (pick < 0.2) text += "\n```\n";
      else text += `w${at}${"x".repeat(Math.floor(random() * 12))} `;
    }
    const pieces = splitText(text, limit);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(limit);
    const letters = (all: string) => all.replaceAll(/```(?:ts)?|\s/g, "");
    expect([seed, letters(pieces.join("\n"))]).toEqual([seed, letters(text)]);
  }
});

test.each([
  ["````````````", 12],
  [`${"`".repeat(500)}\n${"code ".repeat(100)}\n${"`".repeat(500)}`, 100],
  [`words\n${"~".repeat(40)}\n${"x".repeat(300)}`, 60],
])("splitText cuts what is fenced by more than a message holds as any other text: %#", (text, limit) => {
  const pieces = splitText(text, limit);
  for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(limit);
  expect(pieces.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
});
