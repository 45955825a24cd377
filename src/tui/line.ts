/** Text as it stands on the screen: pieces with a look, lines of them, and how they are broken to a width. */
import { printable } from "../lib/terminal-text.ts";

/** What a colour means; a theme says which it is. */
export type Hue =
  | "text"
  | "muted"
  | "accent"
  | "good"
  | "warn"
  | "bad"
  | "heading"
  | "code"
  | "keyword"
  | "string"
  | "number"
  | "name";

export interface Look {
  readonly hue: Hue;
  readonly bold?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  /** Front and back change places. */
  readonly inverse?: boolean;
}

export interface Span {
  readonly text: string;
  readonly look: Look;
}

export type Line = readonly Span[];

export const PLAIN: Look = { hue: "text" };
export const MUTED: Look = { hue: "muted" };
export const STRONG: Look = { hue: "text", bold: true };
export const ACCENT: Look = { hue: "accent" };

const TAB = "    ";
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

export function span(text: string, look: Look = PLAIN): Span {
  return { text, look };
}

/** Text of unknown origin with nothing in it that could move the cursor. */
export function clean(text: string): string {
  return printable(text).replaceAll("\t", TAB);
}

export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** Characters as a person counts them. */
export function charactersOf(text: string): string[] {
  // The common case needs no table of all scripts.
  if (/^[\x20-\x7e]*$/.test(text)) return text.split("");
  return [...graphemes.segment(text)].map(({ segment }) => segment);
}

/** At most `width` columns; what is cut away shows as an ellipsis. */
export function cutText(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of charactersOf(text)) {
    const own = widthOf(character);
    if (used + own > width - 1) break;
    kept += character;
    used += own;
  }
  return width > 0 ? `${kept}…` : "";
}

export function cutLine(line: Line, width: number): Line {
  const kept: Span[] = [];
  let left = width;
  for (const piece of line) {
    const own = widthOf(piece.text);
    if (own > left) {
      const text = cutText(piece.text, left);
      return text === "" ? kept : [...kept, { ...piece, text }];
    }
    kept.push(piece);
    left -= own;
  }
  return kept;
}

/** Exactly `width` columns. */
export function padLine(line: Line, width: number, look: Look = PLAIN): Line {
  const cut = cutLine(line, width);
  const left = width - lineWidth(cut);
  return left > 0 ? [...cut, span(" ".repeat(left), look)] : cut;
}

/** Left and right in one line; the left gives way. */
export function spreadLine(left: Line, right: Line, width: number): Line {
  const end = cutLine(right, width);
  return [...padLine(left, Math.max(0, width - lineWidth(end))), ...end];
}

/** Broken between words where it can be, within a word where it must be. Line feeds break too. */
export function wrapLine(line: Line, width: number): Line[] {
  const wrapper = new Wrapper(Math.max(1, width));
  for (const { text, look } of line) {
    const rows = text.split("\n");
    rows.forEach((row, at) => {
      if (at > 0) wrapper.end();
      for (const token of row.match(/ +|[^ ]+/g) ?? []) wrapper.put(token, look);
    });
  }
  wrapper.end();
  return wrapper.lines;
}

/** Broken anywhere: for what must be seen as it is, code and commands. */
export function chopLine(line: Line, width: number): Line[] {
  const lines: Span[][] = [[]];
  let used = 0;
  const room = Math.max(1, width);
  for (const { text, look } of line) {
    if (used + widthOf(text) <= room) {
      lines.at(-1)!.push({ text, look });
      used += widthOf(text);
      continue;
    }
    let run = "";
    for (const character of charactersOf(text)) {
      const own = widthOf(character);
      if (used > 0 && used + own > room) {
        if (run !== "") lines.at(-1)!.push({ text: run, look });
        lines.push([]);
        run = "";
        used = 0;
      }
      run += character;
      used += own;
    }
    if (run !== "") lines.at(-1)!.push({ text: run, look });
  }
  return lines;
}

class Wrapper {
  readonly lines: Span[][] = [];
  readonly #width: number;
  #line: Span[] = [];
  #used = 0;
  /** Pieces that may not be parted, such as a word that is bold in its middle. */
  #word: Span[] = [];
  #wordWidth = 0;
  /** Spaces before it: they vanish where the line breaks. */
  #gap: Span | undefined;

  constructor(width: number) {
    this.#width = width;
  }

  put(token: string, look: Look): void {
    if (token.startsWith(" ")) {
      this.#flush();
      this.#gap = { text: (this.#gap?.text ?? "") + token, look };
      return;
    }
    this.#word.push({ text: token, look });
    this.#wordWidth += widthOf(token);
  }

  /** The line ends here. */
  end(): void {
    this.#flush();
    this.#gap = undefined;
    this.#break();
  }

  #flush(): void {
    if (this.#word.length === 0) return;
    const gap = this.#gap?.text.length ?? 0;
    if (this.#used > 0 && this.#used + gap + this.#wordWidth > this.#width) this.#break();
    else if (this.#gap) {
      const text = this.#gap.text.slice(0, this.#width - 1);
      this.#line.push({ ...this.#gap, text });
      this.#used += text.length;
    }
    this.#gap = undefined;
    if (this.#used + this.#wordWidth > this.#width) {
      const [first, ...rest] = chopLine([...this.#line, ...this.#word], this.#width);
      const last = rest.pop();
      this.lines.push([...(first ?? [])], ...rest.map((row) => [...row]));
      this.#line = [...(last ?? [])];
      this.#used = lineWidth(this.#line);
    } else {
      this.#line.push(...this.#word);
      this.#used += this.#wordWidth;
    }
    this.#word = [];
    this.#wordWidth = 0;
  }

  #break(): void {
    this.lines.push(this.#line);
    this.#line = [];
    this.#used = 0;
  }
}
