import { expect, test } from "bun:test";
import { depthOf, paletteOf, themeOf } from "../../src/tui/theme.ts";

test.each([
  [{ noColor: true, term: "xterm-256color", colorTerm: "truecolor" }, 0],
  [{ noColor: false, term: "xterm-256color", colorTerm: undefined }, 256],
  [{ noColor: false, term: "xterm", colorTerm: "truecolor" }, 256],
  [{ noColor: false, term: "screen", colorTerm: undefined }, 16],
  [{ noColor: false, term: "linux", colorTerm: undefined }, 16],
] as const)("a terminal with %j has %d colours", (variables, depth) => {
  expect(depthOf(variables)).toBe(depth);
});

test("the background is what COLORFGBG says, where it says something", () => {
  expect(["15;0", "0;15", "0;default;7", "nonsense", undefined].map(themeOf)).toEqual([
    "dark",
    "light",
    "light",
    undefined,
    undefined,
  ]);
});

test("palettes hold no colour that their terminal does not have", () => {
  const all = (theme: "dark" | "light", depth: 0 | 16 | 256) => Object.values(paletteOf(theme, depth));
  for (const theme of ["dark", "light"] as const) {
    expect(all(theme, 0).filter((colour) => colour !== undefined)).toEqual([]);
    expect(all(theme, 16).filter((colour) => colour !== undefined && colour > 15)).toEqual([]);
    // The sixteen are what the person made of them.
    expect(all(theme, 256).filter((colour) => colour !== undefined && colour < 16)).toEqual([]);
  }
});
