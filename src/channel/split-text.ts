/** Cuts a long Markdown text into messages of a place: at paragraphs, lines, words; a code block that is cut goes on as one. */

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Pieces of at most `limit` UTF-16 units that hold something; no grapheme is torn apart unless it is longer than a message. */
export function splitText(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = text.trimEnd();
  while (rest.length > limit) {
    const { piece, next } = cut(rest, limit);
    if (piece.trim() !== "") pieces.push(piece);
    rest = next;
  }
  if (rest.trim() !== "") pieces.push(rest);
  return pieces;
}

function cut(text: string, limit: number): { readonly piece: string; readonly next: string } {
  const at = endOf(text, limit);
  const open = openFence(text.slice(0, at), limit / 4);
  if (!open) return { piece: text.slice(0, at).trimEnd(), next: text.slice(at).replace(/^\n+/, "") };
  // The block as a whole fits into a message of its own: it begins there.
  if (open.at > limit / 4) return { piece: text.slice(0, open.at).trimEnd(), next: text.slice(open.at) };
  const closing = `\n${open.fence}`;
  const end = endOf(text, limit - closing.length, open.at + open.line.length + 1);
  const next = `${open.line}\n${text.slice(end).replace(/^\n/, "")}`;
  return { piece: text.slice(0, end).trimEnd() + closing, next };
}

/** Where to cut: in the second half at a paragraph, else a line, else a word; else where no grapheme is torn. */
function endOf(text: string, limit: number, from = 0): number {
  const half = Math.max(from, Math.floor(limit / 2));
  for (const mark of ["\n\n", "\n", " "]) {
    const found = text.lastIndexOf(mark, limit - mark.length);
    if (found > half) return found + mark.length;
  }
  const start = Math.max(0, limit - 100);
  let end = start;
  for (const { index } of segmenter.segment(text.slice(start, limit + 100))) {
    if (start + index > limit) break;
    end = start + index;
  }
  return end > from ? end : limit;
}

/** The code block that is open at the end of `text`. What begins with a line longer than `most` is cut as any other text. */
function openFence(
  text: string,
  most: number,
): { readonly at: number; readonly line: string; readonly fence: string } | undefined {
  let open: { at: number; line: string; fence: string } | undefined;
  let at = 0;
  for (const line of text.split("\n")) {
    const fence = FENCE.exec(line)?.[1];
    // It stands in each piece twice: of a longer one there would be no room for what it holds.
    if (fence && !open && line.length <= most) open = { at, line, fence };
    else if (fence && open && line.trim().startsWith(open.fence) && line.trim() === fence) open = undefined;
    at += line.length + 1;
  }
  return open;
}
