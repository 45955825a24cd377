/** The pages for people, taken apart: fenced blocks, commands, links and headings. */
import { join } from "node:path";
import { type Command as CommandNode, parse } from "unbash";

export const ROOT = join(import.meta.dir, "../..");

export interface Page {
  /** From the root of the checkout. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  /** The word behind the fence; empty for none. */
  readonly language: string;
  readonly text: string;
  /** Of the first line within. */
  readonly line: number;
}

const PAGES = ["*.md", "docs/**/*.md", ".github/*.md", "plugins/*/README.md"];

export async function readPages(): Promise<readonly Page[]> {
  const paths = PAGES.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: ROOT, dot: true })]).toSorted();
  return Promise.all(paths.map(async (path) => ({ path, text: await Bun.file(join(ROOT, path)).text() })));
}

export function blocksOf({ text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[]; fence: string } | undefined;
  for (const [at, line] of text.split("\n").entries()) {
    const fence = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (!open && fence) open = { language: fence[2]!, line: at + 2, lines: [], fence: fence[1]! };
    else if (open && line.trim() === open.fence) {
      blocks.push({ language: open.language, text: open.lines.join("\n"), line: open.line });
      open = undefined;
    } else open?.lines.push(line);
  }
  if (open) throw new Error(`A fence of line ${open.line - 1} is not closed`);
  return blocks;
}

/** The page without its fenced blocks, so that nothing in them is taken for a link or a heading. */
export function proseOf({ text }: Page): string {
  return text.replace(/^ {0,3}(`{3,})[^\n]*\n[\s\S]*?^ {0,3}\1\s*$/gm, "");
}

/** Each line of the `sh` blocks that calls one of our executables, without what is said behind `#`; a line ending in `\` goes on. */
export function commandLines(page: Page): readonly string[] {
  return blocksOf(page)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, "").split("\n"))
    .map(withoutComment)
    .filter((line) => callsIn(line).length > 0);
}

export interface OurCall {
  readonly program: string;
  readonly words: readonly string[];
}

/** The calls of `aleph` and `aleph-server` in a line of shell, unquoted. */
export function callsIn(line: string): readonly OurCall[] {
  const calls: OurCall[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each);
    else if (typeof node === "object" && node !== null) {
      if ("type" in node && node.type === "Command") {
        const { name, args } = node as CommandNode;
        const all = [name?.value ?? "", ...args.map((arg) => String(arg.value))];
        const words = all[0] === "sudo" ? all.slice(1) : all;
        const program = words[0]?.replace(/^.*\//, "") ?? "";
        if (program === "aleph" || program === "aleph-server") calls.push({ program, words: words.slice(1) });
      }
      Object.values(node).forEach(visit);
    }
  };
  const script = parse(line);
  if (script.errors && script.errors.length > 0) throw new Error(`This is no shell: ${line}`);
  visit(script);
  return calls;
}

/** The ids that GitHub gives to headings: small letters, no punctuation, `-` for spaces, numbered when they come again. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of proseOf(page).matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const words = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "");
    const base = words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = base;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${base}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Where links and pictures lead, as written; those of the prose alone. */
export function linksOf(page: Page): readonly string[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "");
  const written = [...prose.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)(?:\s+"[^"]*")?\)/g)].map((match) => match[1]!);
  const tags = [...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map((match) => match[1]!);
  return [...written, ...tags];
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s+)#\s.*$/, "").trim();
}
