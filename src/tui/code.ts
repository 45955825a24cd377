/** Code with its words coloured, and diffs; the grammars are those of the panel. */
import { createHighlighter, type Highlight } from "../panel/markdown/highlight.ts";
import { clean, type Hue, type Line, type Look, MUTED, PLAIN, type Span, span } from "./line.ts";

export type Colour = (code: string, language: string) => readonly Line[];

/** Above that colouring takes longer than a person waits. */
const MOST = 100_000;

const HUES: Readonly<Record<string, Hue>> = {
  keyword: "keyword",
  built_in: "keyword",
  literal: "keyword",
  type: "name",
  title: "name",
  name: "name",
  attr: "name",
  attribute: "name",
  property: "name",
  section: "heading",
  string: "string",
  regexp: "string",
  symbol: "string",
  number: "number",
  variable: "number",
  comment: "muted",
  quote: "muted",
  meta: "muted",
  addition: "good",
  deletion: "bad",
};

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', "#x27": "'", "#39": "'" };

export function createColour(highlight: Highlight = createHighlighter()): Colour {
  return (code, language) => {
    const text = clean(code);
    if (language === "diff" || language === "patch") return diffLines(text);
    const html = text.length > MOST || language === "" ? undefined : highlight(text, language);
    return html === undefined ? text.split("\n").map((line) => [span(line, { hue: "code" })]) : linesOf(html);
  };
}

export function diffLines(text: string): readonly Line[] {
  return text.split("\n").map((line) => [span(line, lookOfDiff(line))]);
}

function lookOfDiff(line: string): Look {
  if (/^(?:\+\+\+|---|diff |index )/.test(line)) return { hue: "text", bold: true };
  if (line.startsWith("@@")) return { hue: "accent" };
  if (line.startsWith("+")) return { hue: "good" };
  if (line.startsWith("-")) return { hue: "bad" };
  return line.startsWith("\\") ? MUTED : PLAIN;
}

/** What looks like a unified diff, wherever it comes from. */
export function isDiff(text: string): boolean {
  return /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/m.test(text) && /^[+-]/m.test(text);
}

/** The highlighter's HTML has spans with a class, and five entities; nothing else. */
function linesOf(html: string): readonly Line[] {
  const lines: Span[][] = [[]];
  const hues: Hue[] = [];
  for (const [piece, opened, closed] of html.matchAll(/<span class="([^"]*)">|(<\/span>)|[^<]+/g)) {
    if (opened !== undefined) hues.push(hueOf(opened) ?? hues.at(-1) ?? "code");
    else if (closed !== undefined) hues.pop();
    else {
      const look: Look = { hue: hues.at(-1) ?? "code" };
      const text = piece.replace(/&([#\w]+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
      text.split("\n").forEach((part, at) => {
        if (at > 0) lines.push([]);
        if (part !== "") lines.at(-1)!.push({ text: part, look });
      });
    }
  }
  return lines;
}

function hueOf(classes: string): Hue | undefined {
  for (const name of classes.split(/[ .]/)) {
    const hue = HUES[name.replace(/^hljs-/, "").replace(/_$/, "")];
    if (hue) return hue;
  }
  return undefined;
}
