import { expect, test } from "bun:test";
import { drawQr } from "../../src/lib/qr.ts";

/** The modules that the lines stand for: true is dark. */
function modules(lines: readonly string[]): boolean[][] {
  return lines.flatMap((line) => [
    Array.from(line, (character) => character === " " || character === "▄"),
    Array.from(line, (character) => character === " " || character === "▀"),
  ]);
}

test("drawQr draws finder patterns in three corners, with a light zone of two modules around", () => {
  const lines = drawQr("http://100.101.102.103:18790/#pair=K7M2Q9XW");
  const width = lines[0]!.length;
  expect(lines.every((line) => line.length === width)).toBe(true);
  const drawn = modules(lines);
  const corner = (top: number, left: number) =>
    drawn.slice(top, top + 7).map((row) =>
      row
        .slice(left, left + 7)
        .map((dark) => (dark ? "#" : "."))
        .join(""),
    );
  const finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];
  expect([corner(2, 2), corner(2, width - 9), corner(width - 9, 2)]).toEqual([finder, finder, finder]);
  const edge = [...drawn.slice(0, 2), ...drawn.slice(width - 2, width)].flat();
  expect(edge.some((dark) => dark)).toBe(false);
  expect(drawn.slice(0, width).some((row) => row[0] || row[1] || row[width - 1] || row[width - 2])).toBe(false);
});

test("drawQr draws another picture for another text, and the same for the same", () => {
  expect(drawQr("a")).toEqual(drawQr("a"));
  expect(drawQr("a")).not.toEqual(drawQr("b"));
});
