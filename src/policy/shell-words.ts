/** Reads a command line roughly, for the floor: what it could mean once quotes and simple tricks are gone. */
import type { CommandArgument, ParsedScript, SyntaxNode, Word } from "unbash";

/** One program with its arguments, as far as they can be told, and the targets of its redirections. */
export interface Invocation {
  readonly words: readonly string[];
  readonly writes: readonly string[];
}

type Parse = typeof import("unbash").parse;
type ForEachChild = typeof import("unbash").forEachChild;

/** A parsed line, with what is needed to walk it and to parse the scripts in it. */
export interface Parsed {
  readonly script: ParsedScript;
  readonly parse: Parse;
  readonly forEachChild: ForEachChild;
}

/** A script in an argument of a script in an argument …: deeper ones are looked at as text only. */
const MAX_NESTING = 5;
const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "eval", "su", "runuser"]);

/** Every command in the syntax tree, also in substitutions, functions and scripts given to a shell. */
export function parsedInvocations({ script, parse, forEachChild }: Parsed, depth = 0): Invocation[] {
  const found: Invocation[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === "Command") {
      const words = [node.name, ...node.args].flatMap((part) => (part ? [textOf(part)] : []));
      const writes = node.redirects.flatMap((redirect) =>
        redirect.type === "Redirect" && redirect.operator !== "<" && redirect.target ? [redirect.target.value] : [],
      );
      found.push({ words, writes });
      if (depth < MAX_NESTING)
        for (const inner of scriptsIn(words))
          found.push(...parsedInvocations({ script: parse(inner), parse, forEachChild }, depth + 1));
    }
    forEachChild(node, visit);
  };
  visit(script);
  return found;
}

/** Every word of a line, also of scripts in it, and those of them that stand where a program does. */
export interface NamedWords {
  readonly words: Set<string>;
  readonly programs: Set<string>;
}

export function namedWords({ script, parse, forEachChild }: Parsed, depth = 0): NamedWords {
  const named: NamedWords = { words: new Set(), programs: new Set() };
  const visit = (node: SyntaxNode) => {
    if (node.type === "Word") named.words.add(node.value);
    if (node.type === "Command" && node.name) {
      named.programs.add(node.name.value);
      const inner = depth < MAX_NESTING ? scriptsIn([node.name.value, ...node.args.map(textOf)]) : [];
      for (const source of inner) {
        const { words, programs } = namedWords({ script: parse(source), parse, forEachChild }, depth + 1);
        for (const word of words) named.words.add(word);
        for (const program of programs) named.programs.add(program);
      }
    }
    forEachChild(node, visit);
  };
  visit(script);
  return named;
}

function textOf(part: CommandArgument): string {
  return part.type === "Word" ? part.value : part.text;
}

/** Arguments that a shell would run: those of `bash -c` and `eval`, wherever in the words they are. */
function scriptsIn(words: readonly string[]): string[] {
  const at = words.findIndex((word) => SHELLS.has(programName(word)));
  if (at === -1) return [];
  const rest = words.slice(at + 1);
  return programName(words[at]!) === "eval" ? [rest.join(" ")] : rest.filter((word) => /[\s;|&]/.test(word));
}

/** Functions that call themselves on both sides of a pipe, or in the background: the fork bomb and its kin. */
export function bombsIn({ script, forEachChild }: Parsed): string[] {
  const bombs: string[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === "Function" && selfCalls(node.body, node.name, forEachChild) > 1) bombs.push(node.name.value);
    forEachChild(node, visit);
  };
  visit(script);
  return bombs;
}

function selfCalls(body: SyntaxNode, name: Word, forEachChild: ForEachChild): number {
  let calls = 0;
  const visit = (node: SyntaxNode) => {
    if (node.type === "Command" && node.name?.value === name.value) calls++;
    // One that goes on beside its caller counts twice.
    if (
      node.type === "Statement" &&
      node.background &&
      node.command.type === "Command" &&
      node.command.name?.value === name.value
    )
      calls++;
    forEachChild(node, visit);
  };
  visit(body);
  return calls;
}

/** The same line as text: raw, and without quotes, escapes and the usual disguises. */
export function readings(source: string): string[] {
  const plain = dequote(source);
  return [...new Set([source, plain, plain.replace(/[{},]/g, " ")])];
}

/** Commands of a text, cut at everything that may begin another. */
export function textInvocations(text: string): Invocation[] {
  return text.split(/\$\(|[<>]\(|[;&|\n\r()`{}]/).map((piece) => {
    const writes = [...piece.matchAll(/>\s*([^\s<>]+)/g)].map(([, target]) => target!);
    return {
      words: piece
        .replace(/[<>]+\s*[^\s<>]*/g, " ")
        .split(/\s+/)
        .filter((word) => word !== ""),
      writes,
    };
  });
}

function dequote(source: string): string {
  return source
    .replace(/\\\r?\n/g, "")
    .replace(/\$'((?:[^'\\]|\\[\s\S])*)'/g, (_, body: string) => ansiC(body))
    .replace(/\$\{?IFS\}?(?:%\?\?)?/g, " ")
    .replace(/\$(?:[@*]|\{[@*]\}|\d|\{\d+\})/g, "")
    .replace(/["'\\]/g, "");
}

/** The escapes of `$'…'` (Bash manual 3.1.2.4) that spell characters. */
function ansiC(body: string): string {
  return body.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|([\s\S]))/g,
    (_, x, u, U, octal, other) => {
      const hex: string | undefined = x ?? u ?? U;
      if (hex === undefined && octal === undefined) return other === "n" || other === "t" ? " " : other;
      const code = hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : "";
    },
  );
}

/** The last part of a path, in lower case: some file systems do not tell the cases apart. */
export function programName(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1).toLowerCase();
}
