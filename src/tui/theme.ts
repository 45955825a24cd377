/** Which colours stand for which meaning, on dark and light backgrounds, with 256 colours, 16 and none. */
import type { Hue } from "./line.ts";

export type ThemeName = "dark" | "light";
/** How many colours the terminal has. */
export type Depth = 0 | 16 | 256;

/** Numbers of the terminal's palette; undefined is its own colour. */
export type Palette = Readonly<Record<Hue, number | undefined>>;

const DARK: Palette = {
  text: undefined,
  muted: 245,
  accent: 75,
  good: 114,
  warn: 221,
  bad: 210,
  heading: 81,
  code: 252,
  keyword: 176,
  string: 150,
  number: 216,
  name: 117,
};

const LIGHT: Palette = {
  text: undefined,
  muted: 242,
  accent: 26,
  good: 28,
  warn: 130,
  bad: 160,
  heading: 24,
  code: 237,
  keyword: 90,
  string: 22,
  number: 94,
  name: 25,
};

/** The first sixteen are what the person made of them; yellow and the bright ones are hard to see on white. */
const DARK_16: Palette = {
  text: undefined,
  muted: 7,
  accent: 12,
  good: 10,
  warn: 11,
  bad: 9,
  heading: 14,
  code: undefined,
  keyword: 13,
  string: 10,
  number: 11,
  name: 14,
};

const LIGHT_16: Palette = {
  text: undefined,
  muted: 8,
  accent: 4,
  good: 2,
  warn: 1,
  bad: 1,
  heading: 6,
  code: undefined,
  keyword: 5,
  string: 2,
  number: 4,
  name: 6,
};

const NONE = Object.fromEntries(Object.keys(DARK).map((hue) => [hue, undefined])) as Palette;

export function paletteOf(theme: ThemeName, depth: Depth): Palette {
  if (depth === 0) return NONE;
  if (depth === 16) return theme === "dark" ? DARK_16 : LIGHT_16;
  return theme === "dark" ? DARK : LIGHT;
}

export interface TerminalVariables {
  readonly noColor: boolean;
  readonly term: string | undefined;
  readonly colorTerm: string | undefined;
}

export function depthOf({ noColor, term = "", colorTerm = "" }: TerminalVariables): Depth {
  if (noColor) return 0;
  if (colorTerm !== "" || /256|direct|kitty|alacritty|ghostty|wezterm|foot/.test(term)) return 256;
  return 16;
}

/** What COLORFGBG says of the background, where a terminal sets it: `15;0` is white on black. */
export function themeOf(colorFgBg: string | undefined): ThemeName | undefined {
  const back = /;(\d+)$/.exec(colorFgBg ?? "")?.[1];
  if (back === undefined) return undefined;
  return back === "7" || back === "15" ? "light" : "dark";
}
