/** The form of MEMORY.md: a list whose lines end with the mark of their fact. */
import type { Fact } from "../sdk/memory.ts";

export interface Remembered {
  /** Undefined for a line that somebody added. */
  readonly factId: string | undefined;
  readonly content: string;
  /** It does not stand below the heading of what is not checked. */
  readonly checked: boolean;
}

const TITLE = "# Memory";
const OUTSIDE = "## From outside, not checked";
const ABOUT =
  'What Aleph remembers. Change a line, remove it, or add one that begins with "- ": it is read before the next run. ' +
  "The marks at the ends of the lines name the facts. What stands below " +
  `"${OUTSIDE.slice(3)}" a stranger may have written; move a line up to confirm it.`;
/** Two steps, each of which looks at a line once: it may be a megabyte of anything. */
const BULLET = /^\s*[-*] +/;
const MARK = /<!-- (fact_[0-9a-f]+) -->$/;

/** `facts`, the latest first. */
export function renderMemory(facts: readonly Fact[], hasMore: boolean): string {
  const lines = (trusted: boolean) =>
    facts.filter((fact) => fact.trusted === trusted).map(({ content, fact_id }) => `- ${content} <!-- ${fact_id} -->`);
  const outside = lines(false);
  const parts = [
    TITLE,
    ABOUT,
    lines(true).join("\n"),
    ...(outside.length === 0 ? [] : [OUTSIDE, outside.join("\n")]),
    ...(hasMore ? [`The ${facts.length} latest facts; \`aleph memory list\` has all of them.`] : []),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Whether it can be taken for what somebody wanted there: one that is empty was cut off, or is being written. */
export function isMemoryFile(text: string): boolean {
  return text.split("\n").some((line) => line.trim() === TITLE || BULLET.test(line));
}

export function parseMemory(text: string): readonly Remembered[] {
  const found: Remembered[] = [];
  let checked = true;
  for (const line of text.split(/\r?\n/)) {
    if (/^#/.test(line)) checked = line.trim() !== OUTSIDE;
    const bullet = BULLET.exec(line)?.[0];
    if (bullet === undefined) continue;
    const text = line.slice(bullet.length).trimEnd();
    const mark = MARK.exec(text);
    const words = text.slice(0, mark?.index).trim();
    if (words !== "") found.push({ factId: mark?.[1], content: words, checked });
  }
  return found;
}
