/** A screen of a terminal, as tmux gives it with its colours, drawn as SVG. */

interface Style {
  readonly ink: string | undefined;
  readonly paper: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly reverse: boolean;
}

interface Cell extends Style {
  readonly text: string;
  readonly width: number;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly theme: "light" | "dark";
}

const PLAIN: Style = { ink: undefined, paper: undefined, bold: false, dim: false, reverse: false };
const CELL = { width: 8.4, height: 18, base: 13.5 };
const GROUND = { light: { ink: "#24211c", paper: "#fbfaf7" }, dark: { ink: "#dcd8cf", paper: "#1b1a18" } };
/** Those that a terminal names, as xterm has them. */
const NAMED =
  "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff".split(
    " ",
  );
const COLOURS = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;:]*m)`);
const LEVELS = [0, 95, 135, 175, 215, 255];

export function drawTerminal(captured: string, { columns, rows, theme }: Screen): string {
  const ground = GROUND[theme];
  const size = { width: Math.ceil(columns * CELL.width) + 24, height: rows * CELL.height + 24 };
  const lines = captured.split("\n").slice(0, rows);
  const drawn = lines.flatMap((line, row) => drawLine(runsOf(cellsOf(line)), row, ground));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}">
<rect width="100%" height="100%" rx="8" fill="${ground.paper}"/>
<g transform="translate(12 12)" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${ground.ink}" xml:space="preserve">
${drawn.join("\n")}
</g>
</svg>
`;
}

interface Run extends Style {
  readonly column: number;
  readonly width: number;
  readonly text: string;
}

function drawLine(
  runs: readonly Run[],
  row: number,
  ground: { readonly ink: string; readonly paper: string },
): string[] {
  return runs.flatMap((run) => {
    const [ink, paper] = run.reverse ? [run.paper ?? ground.paper, run.ink ?? ground.ink] : [run.ink, run.paper];
    const [x, width] = [round(run.column * CELL.width), round(run.width * CELL.width)];
    const back =
      paper === undefined
        ? []
        : [`<rect x="${x}" y="${row * CELL.height}" width="${width}" height="${CELL.height}" fill="${paper}"/>`];
    if (run.text.trim() === "") return back;
    const style = `${ink === undefined ? "" : ` fill="${ink}"`}${run.bold ? ' font-weight="bold"' : ""}${run.dim ? ' opacity="0.6"' : ""}`;
    const y = round(row * CELL.height + CELL.base);
    return [
      ...back,
      `<text x="${x}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${style}>${inXml(run.text)}</text>`,
    ];
  });
}

/** Neighbours of one style as one; blanks without a ground of their own part them, so that nothing is stretched. */
function runsOf(cells: readonly Cell[]): readonly Run[] {
  const runs: Run[] = [];
  let column = 0;
  for (const { text, width, ...style } of cells) {
    const last = runs.at(-1);
    if (last && sameStyle(last, style))
      runs[runs.length - 1] = { ...last, text: last.text + text, width: last.width + width };
    else runs.push({ ...style, text, width, column });
    column += width;
  }
  return runs.flatMap(trimmed);
}

function trimmed(run: Run): Run[] {
  if (run.paper !== undefined || run.reverse) return [run];
  const before = run.text.length - run.text.trimStart().length;
  const after = run.text.length - run.text.trimEnd().length;
  if (before === run.text.length) return [];
  return [{ ...run, column: run.column + before, width: run.width - before - after, text: run.text.trim() }];
}

function sameStyle(a: Style, b: Style): boolean {
  return a.ink === b.ink && a.paper === b.paper && a.bold === b.bold && a.dim === b.dim && a.reverse === b.reverse;
}

/** The line's characters with their styles; sequences other than colours and weights are left out. */
function cellsOf(line: string): readonly Cell[] {
  const cells: Cell[] = [];
  let style = PLAIN;
  for (const part of line.split(COLOURS)) {
    const codes = /^.\[([0-9;:]*)m$/.exec(part);
    if (codes) style = applied(style, codes[1]!.split(/[;:]/).map(Number));
    else
      for (const { segment } of new Intl.Segmenter().segment(Bun.stripANSI(part))) {
        cells.push({ ...style, text: segment, width: Bun.stringWidth(segment) });
      }
  }
  return cells;
}

/** SGR (ECMA-48 §8.3.117), with colours by number and by red, green and blue. */
function applied(style: Style, codes: readonly number[]): Style {
  let next = style;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 38 || code === 48) {
      const isTriple = codes[at + 1] === 2;
      const colour = isTriple ? hex(codes.slice(at + 2, at + 5)) : byNumber(codes[at + 2] ?? 0);
      next = code === 38 ? { ...next, ink: colour } : { ...next, paper: colour };
      at += isTriple ? 4 : 2;
    } else next = { ...next, ...change(code) };
  }
  return next;
}

function change(code: number): Partial<Style> {
  if (code === 0) return PLAIN;
  if (code === 1) return { bold: true };
  if (code === 2) return { dim: true };
  if (code === 22) return { bold: false, dim: false };
  if (code === 7) return { reverse: true };
  if (code === 27) return { reverse: false };
  if (code === 39) return { ink: undefined };
  if (code === 49) return { paper: undefined };
  if (code >= 30 && code <= 37) return { ink: byNumber(code - 30) };
  if (code >= 40 && code <= 47) return { paper: byNumber(code - 40) };
  if (code >= 90 && code <= 97) return { ink: byNumber(code - 82) };
  if (code >= 100 && code <= 107) return { paper: byNumber(code - 92) };
  return {};
}

/** xterm's 256: 16 with names, a cube of 6 by 6 by 6, 24 greys. */
function byNumber(n: number): string {
  if (n < 16) return `#${NAMED[n] ?? NAMED[0]}`;
  if (n >= 232) return hex([n, n, n].map((grey) => 8 + (grey - 232) * 10));
  const at = n - 16;
  return hex([Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((level) => LEVELS[level] ?? 0));
}

function hex(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

function inXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
