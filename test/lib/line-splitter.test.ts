import { expect, test } from "bun:test";
import { LineSplitter } from "../../src/lib/line-splitter.ts";

function setUp(maxLine: number, limitFor?: (head: string) => number) {
  const lines: string[] = [];
  const tooLong: string[] = [];
  const splitter = new LineSplitter({
    maxLine,
    onLine: (line) => lines.push(line),
    onTooLong: (head) => tooLong.push(head),
    ...(limitFor ? { limitFor } : {}),
  });
  return { lines, tooLong, push: (text: string) => splitter.push(new TextEncoder().encode(text)), splitter };
}

test("LineSplitter joins what comes in pieces, and leaves out empty lines", () => {
  const t = setUp(100);
  for (const piece of ["a", "b\n\nc", "d\ne", "f\n", "g"]) t.push(piece);
  expect(t.lines).toEqual(["ab", "cd", "ef"]);
  t.splitter.end();
  expect(t.lines).toEqual(["ab", "cd", "ef", "g"]);
});

test("LineSplitter keeps a character whole that is cut between two pieces", () => {
  const t = setUp(100);
  for (const byte of new TextEncoder().encode("é€😀\n")) t.splitter.push(new Uint8Array([byte]));
  expect(t.lines).toEqual(["é€😀"]);
});

test("LineSplitter drops a line that is too long and goes on with the next", () => {
  const t = setUp(5);
  for (const piece of ["123456789", "0123456789\nnext\n", "12345\n"]) t.push(piece);
  expect([t.lines, t.tooLong]).toEqual([["next", "12345"], ["123456789"]]);
});

test("LineSplitter lets a line become longer whose beginning says so, once asked", () => {
  const asked: string[] = [];
  const t = setUp(5, (head) => {
    asked.push(head);
    return head.startsWith("big") ? 10 : 0;
  });
  for (const piece of ["big456", "7890\n", "big45678901\n", "no5678\n"]) t.push(piece);
  expect([t.lines, t.tooLong]).toEqual([["big4567890"], ["big45678901", "no5678"]]);
  expect(asked).toEqual(["big456", "big45678901", "no5678"]);
});
