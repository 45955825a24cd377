/** Markdown as lines of a terminal. Of a text that grows only the end is worked on again. */
import { Marked, type Token, type Tokens } from "marked";
import type { Colour } from "./code.ts";
import {
  ACCENT,
  chopLine,
  clean,
  type Line,
  type Look,
  lineWidth,
  MUTED,
  PLAIN,
  padLine,
  span,
  wrapLine,
} from "./line.ts";

export interface Typeset {
  readonly text: string;
  readonly width: number;
  readonly lines: readonly Line[];
  /** Where the last block begins, in the text and in the lines. */
  readonly tail: { readonly offset: number; readonly line: number };
}

export type Typesetter = (text: string, width: number, before?: Typeset) => Typeset;

const BULLETS = ["•", "◦", "▪"];
/** Deeper than that the words would have no room. */
const DEEPEST = 12;

export function createTypesetter(colour: Colour): Typesetter {
  const marked = new Marked({ gfm: true });
  return (source, width, before) => {
    const text = source.replace(/\r\n?/g, "\n");
    if (before?.text === text && before.width === width) return before;
    const grows =
      before?.width === width && before.tail.offset > 0 && text.startsWith(before.text.slice(0, before.tail.offset));
    const from = grows ? before.tail : { offset: 0, line: 0 };
    const lines: Line[] = grows ? before.lines.slice(0, from.line) : [];
    let tail = from;
    let offset = from.offset;
    for (const token of marked.lexer(text.slice(from.offset))) {
      if (token.type !== "space" && token.type !== "def") {
        tail = { offset, line: lines.length };
        if (lines.length > 0) lines.push([]);
        lines.push(...blockLines(token, { width, depth: 0, colour }));
      }
      offset += token.raw.length;
    }
    // The tokens do not add up to the text (tabs that were expanded): begin anew next time.
    return { text, width, lines, tail: offset === text.length ? tail : { offset: 0, line: 0 } };
  };
}

interface Place {
  readonly width: number;
  readonly depth: number;
  readonly colour: Colour;
}

function blockLines(token: Token, place: Place): Line[] {
  const { width, colour } = place;
  switch (token.type) {
    case "heading": {
      const look: Look = { hue: "heading", bold: true, ...(token.depth === 1 ? { underline: true } : {}) };
      return wrapLine(inline(token.tokens ?? [], look), width);
    }
    case "paragraph":
    case "text":
      return wrapLine(token.tokens ? inline(token.tokens, PLAIN) : [span(clean(token.text))], width);
    case "code": {
      const lines = colour(token.text, (token.lang ?? "").split(/\s/, 1)[0] ?? "");
      return framed(lines, width);
    }
    case "blockquote":
      return blocks(token.tokens ?? [], { ...place, width: Math.max(8, width - 2) }).map((line) => [
        span("▏ ", MUTED),
        ...line,
      ]);
    case "list":
      return listLines(token as Tokens.List, place);
    case "table":
      return tableLines(token as Tokens.Table, width);
    case "hr":
      return [[span("─".repeat(Math.min(width, 40)), MUTED)]];
    case "space":
    case "def":
      return [];
    default:
      return wrapLine([span(clean(token.raw.trimEnd()))], width);
  }
}

function blocks(tokens: readonly Token[], place: Place): Line[] {
  const lines: Line[] = [];
  for (const token of tokens) {
    const own = blockLines(token, place);
    if (own.length === 0) continue;
    if (lines.length > 0) lines.push([]);
    lines.push(...own);
  }
  return lines;
}

/** Code may be broken anywhere; the bar shows what belongs to it. */
function framed(lines: readonly Line[], width: number): Line[] {
  return lines.flatMap((line) => chopLine(line, Math.max(1, width - 2)).map((row) => [span("│ ", MUTED), ...row]));
}

function listLines(list: Tokens.List, place: Place): Line[] {
  const first = list.start === "" ? 1 : list.start;
  const lines: Line[] = [];
  list.items.forEach((item, at) => {
    const bullet = list.ordered ? `${first + at}.` : BULLETS[place.depth % BULLETS.length]!;
    const mark = item.task ? `${bullet} ${item.checked ? "[x]" : "[ ]"} ` : `${bullet} `;
    const inset = place.depth < DEEPEST ? mark.length : 0;
    const own = itemLines(item, { ...place, width: Math.max(8, place.width - inset), depth: place.depth + 1 });
    if (list.loose && at > 0) lines.push([]);
    own.forEach((line, row) => {
      lines.push([row === 0 ? span(mark, ACCENT) : span(" ".repeat(inset)), ...line]);
    });
    if (own.length === 0) lines.push([span(mark, ACCENT)]);
  });
  return lines;
}

/** Below its words a list follows at once, everything else after an empty line. */
function itemLines(item: Tokens.ListItem, place: Place): Line[] {
  const lines: Line[] = [];
  for (const token of item.tokens) {
    const own = token.type === "checkbox" ? [] : blockLines(token, place);
    if (lines.length > 0 && own.length > 0 && token.type !== "list") lines.push([]);
    lines.push(...own);
  }
  return lines;
}

function tableLines({ header, rows, align }: Tokens.Table, width: number): Line[] {
  const cells = [header, ...rows].map((row, at) =>
    row.map((cell) => inline(cell.tokens, at === 0 ? { hue: "text", bold: true } : PLAIN)),
  );
  const columns = header.length;
  const wanted = header.map((_, column) => Math.max(3, ...cells.map((row) => lineWidth(row[column] ?? []))));
  const widths = fitted(wanted, Math.max(columns * 3, width - 3 * (columns - 1)));
  const rule: Line = [span(widths.map((own) => "─".repeat(own)).join("─┼─"), MUTED)];
  const lines = cells.flatMap((row) => rowLines(row, widths, align));
  const head = rowLines(cells[0] ?? [], widths, align).length;
  return [...lines.slice(0, head), rule, ...lines.slice(head)];
}

function rowLines(row: readonly Line[], widths: readonly number[], align: Tokens.Table["align"]): Line[] {
  const wrapped = widths.map((own, column) => wrapLine(row[column] ?? [], own));
  const height = Math.max(1, ...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    widths.flatMap((own, column) => {
      const line = wrapped[column]?.[at] ?? [];
      const room = own - lineWidth(line);
      const left = align[column] === "right" ? room : align[column] === "center" ? Math.floor(room / 2) : 0;
      const cell = padLine(left > 0 ? [span(" ".repeat(left)), ...line] : line, own);
      return column === 0 ? cell : [span(" │ ", MUTED), ...cell];
    }),
  );
}

/** The widest give way first. */
function fitted(wanted: readonly number[], room: number): number[] {
  const widths = [...wanted];
  for (let over = widths.reduce((sum, own) => sum + own, 0) - room; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= 3) break;
    widths[widest]!--;
  }
  return widths;
}

function inline(tokens: readonly Token[], look: Look): Line {
  return tokens.flatMap((token): Line => {
    switch (token.type) {
      case "strong":
        return inline(token.tokens ?? [], { ...look, bold: true });
      case "em":
        return inline(token.tokens ?? [], { ...look, italic: true });
      case "del":
        return inline(token.tokens ?? [], { ...look, strike: true });
      case "codespan":
        return [span(clean(token.text), { ...look, hue: "code" })];
      case "br":
        return [span("\n", look)];
      case "link":
        return linked(token as Tokens.Link, look);
      case "image":
        return [
          span(`[${clean(token.text) || "image"}]`, { ...look, hue: "accent" }),
          span(` (${clean(token.href)})`, MUTED),
        ];
      case "text":
      case "escape":
        return token.type === "text" && token.tokens ? inline(token.tokens, look) : [span(clean(token.text), look)];
      case "checkbox":
        return [];
      default:
        return [span(clean(token.raw), look)];
    }
  });
}

/** Where it leads stands beside it: a name can lie. */
function linked({ href, text, tokens }: Tokens.Link, look: Look): Line {
  const words = inline(tokens, { ...look, hue: "accent", underline: true });
  return href === text || href === `mailto:${text}` ? words : [...words, span(` (${clean(href)})`, MUTED)];
}
