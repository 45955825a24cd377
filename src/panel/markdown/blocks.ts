/** Text in pieces that can be shown one by one, so that of a text that grows only the end is worked on again. */
import type { Marked, Token } from "marked";

export interface Blocks {
  readonly text: string;
  /** One string of HTML for each block, not sanitised yet. */
  readonly html: readonly string[];
  /** Where the last block begins, in `text`. */
  readonly tail: number;
}

export const NO_BLOCKS: Blocks = { text: "", html: [], tail: 0 };

/** `before` is what an earlier, shorter state of the same text gave. */
export function parseBlocks(marked: Marked, source: string, before: Blocks = NO_BLOCKS): Blocks {
  const text = source.includes("\r") ? source.replace(/\r\n?/g, "\n") : source;
  if (text === before.text) return before;
  const grows = before.tail > 0 && text.startsWith(before.text.slice(0, before.tail));
  const from = grows ? before.tail : 0;
  const html = grows ? before.html.slice(0, -1) : [];
  let offset = from;
  let tail = from;
  const tokens = marked.lexer(text.slice(from));
  for (const token of tokens) {
    if (isShown(token)) {
      tail = offset;
      html.push(marked.parser([token]));
    }
    offset += token.raw.length;
  }
  // The tokens do not add up to the text (tabs that were expanded): begin anew next time.
  return { text, html, tail: offset === text.length ? tail : 0 };
}

function isShown(token: Token): boolean {
  return token.type !== "space" && token.type !== "def";
}
