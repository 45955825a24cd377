/** Cuts a text into parts that Slack takes whole. */

const FENCE = "```";
/** What a block of code that goes on in the next part needs at its end. */
const CLOSING = `\n${FENCE}`;

export function piecesOf(text: string, limit: number): readonly string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const end = cutAt(rest, limit - CLOSING.length);
    const piece = rest.slice(0, end).trimEnd();
    const isOpen = piece.split(FENCE).length % 2 === 0;
    pieces.push(isOpen ? piece + CLOSING : piece);
    rest = rest.slice(end).replace(/^(?:\n+| )/, "");
    if (isOpen) rest = `${FENCE}\n${rest}`;
  }
  return rest === "" ? pieces : [...pieces, rest];
}

/** At the end of a line or word where there is one in the second half; never within a link, a fence, an escape or a character. */
function cutAt(text: string, limit: number): number {
  const half = limit / 2;
  const line = text.lastIndexOf("\n", limit);
  if (line > half) return line;
  let end = text.lastIndexOf(" ", limit);
  if (end <= half) end = limit;
  const head = text.slice(0, end);
  const link = head.lastIndexOf("<");
  if (link > half && link > head.lastIndexOf(">")) return link;
  const ticks = text[end] === "`" ? /`+$/.exec(head)?.[0].length : undefined;
  if (ticks !== undefined && end - ticks > half) return end - ticks;
  const entity = head.lastIndexOf("&", end);
  if (entity > end - 5 && !head.includes(";", entity)) return entity;
  return /[\uD800-\uDBFF]$/.test(head) ? end - 1 : end;
}
