/** Tables and lists of facts that fit the width of the terminal. */
import { printableLine } from "../lib/terminal-text.ts";
import type { Output } from "./terminal.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly align?: "right";
  /** Cut first when the line is too long; all others keep their width as long as that helps. */
  readonly flexible?: true;
}

const GAP = "  ";
const READABLE = 8;
const NARROWEST = 4;

/**
 * Off a terminal nothing is cut, and the first column nowhere: other commands take what stands there, and a terminal breaks a
 * line that is too long. What the cells hold may come from anywhere: it is made safe here. */
export function writeTable<Row>(output: Output, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const cells = rows.map((row) => columns.map(({ value }) => printableLine(String(value(row) ?? ""))));
  const widths = columns.map(({ title }, at) =>
    Math.max(Bun.stringWidth(title), ...cells.map((line) => Bun.stringWidth(line[at]!))),
  );
  if (output.width !== undefined) fit(widths, columns, output.width);
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) => pad(cut(text, widths[at]!), widths[at]!, columns[at]!.align))
      .join(GAP)
      .trimEnd();
  output.write(`${output.style.bold(line(columns.map(({ title }) => title)))}\n`);
  for (const texts of cells) output.write(`${line(texts)}\n`);
}

/** `name   value`, one below the other; rows without a value are left out. */
export function writeFacts(
  output: Output,
  facts: readonly (readonly [string, string | number | null | undefined])[],
): void {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const width = Math.max(...known.map(([name]) => name.length));
  for (const [name, value] of known) {
    output.write(`${output.style.dim(name.padEnd(width))}${GAP}${printableLine(String(value))}\n`);
  }
}

/** Shortens the flexible columns first, then the widest ones; below what can be read only where the line is still too long. */
function fit(widths: number[], columns: readonly Column<never>[], total: number): void {
  const over = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - total;
  for (const narrowest of [READABLE, NARROWEST]) {
    for (const wanted of [true, undefined]) {
      while (over() > 0) {
        const own = widths.map((width, at) => (at > 0 && columns[at]!.flexible === wanted ? width : 0));
        const widest = own.indexOf(Math.max(...own));
        if (own[widest]! <= narrowest) break;
        widths[widest]! -= 1;
      }
    }
  }
}

/** At most `width` columns; `…` stands for what is left out. */
export function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  // What a person sees as one: an emoji may be made of several others.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const own = Bun.stringWidth(segment);
    if (used + own > width - 1) break;
    kept += segment;
    used += own;
  }
  return `${kept.trimEnd()}…`;
}

function pad(text: string, width: number, align: "right" | undefined): string {
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return align === "right" ? space + text : text + space;
}
