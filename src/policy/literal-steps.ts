/** Takes a line apart into programs with literal arguments, or says why it cannot: then only a shell could run it. */
import type {
  AndOr,
  Command,
  CommandNode,
  ParsedScript,
  Pipeline,
  PipelineNode,
  Statement,
  Word,
  WordPart,
} from "unbash";
import type { Step } from "../sandbox/spawn.ts";

/** More of them are not a quick look any more. */
const MAX_COMMANDS = 8;
/** Unquoted text that no shell gives a meaning. */
const BARE = /^[A-Za-z0-9_@%+=:,./-]+$/;
/** What stays special between double quotes; `!` is history in an interactive shell. */
const SPECIAL_IN_QUOTES = /[$`\\!]/;

/** Thrown inside of this file only: the reason why the line is not literal. */
class NotLiteral extends Error {}

export function literalSteps(
  source: string,
  script: ParsedScript,
): { readonly steps: Step[] } | { readonly why: string } {
  try {
    if (script.errors?.length) throw new NotLiteral("it is not a complete command line");
    const words: Word[] = [];
    const steps = script.commands.flatMap((statement) => statementSteps(statement, words));
    if (words.length === 0) throw new NotLiteral("it is empty");
    if (steps.reduce((sum, { pipeline }) => sum + pipeline.length, 0) > MAX_COMMANDS) {
      throw new NotLiteral(`it has more than ${MAX_COMMANDS} commands`);
    }
    assertNothingElse(source, words);
    return { steps };
  } catch (thrown) {
    if (thrown instanceof NotLiteral) return { why: thrown.message };
    throw thrown;
  }
}

function statementSteps({ command, background }: Statement, words: Word[]): Step[] {
  if (background) throw new NotLiteral("it starts a command in the background");
  if (command.type !== "AndOr") return [step("always", command, words)];
  return andOrSteps(command, words);
}

function andOrSteps({ commands, operators }: AndOr, words: Word[]): Step[] {
  return commands.map((command, index) => {
    const operator = operators[index - 1];
    return step(operator === undefined ? "always" : operator === "&&" ? "success" : "failure", command, words);
  });
}

function step(when: Step["when"], node: PipelineNode, words: Word[]): Step {
  const commands = node.type === "Pipeline" ? plainPipeline(node) : [node];
  return { when, pipeline: commands.map((command) => argvOf(command, words)) };
}

function plainPipeline({ prefixes, operators, commands }: Pipeline): readonly CommandNode[] {
  if (prefixes.length > 0) throw new NotLiteral('it uses "!" or "time"');
  if (operators.includes("|&")) throw new NotLiteral('it uses "|&"');
  return commands;
}

function argvOf(node: CommandNode, words: Word[]): string[] {
  if (node.type !== "Command") throw new NotLiteral("it uses a construct of the shell");
  const { name, prefix, suffix }: Command = node;
  if (prefix.length > 0) throw new NotLiteral("it sets a variable or redirects");
  if (!name) throw new NotLiteral("it names no program");
  const parts = [name, ...suffix].map((part) => {
    if (part.type === "Word") return part;
    throw new NotLiteral(part.type === "Assignment" ? "it sets a variable" : "it redirects input or output");
  });
  words.push(...parts);
  if (!/^[A-Za-z0-9_.-]+$/.test(name.text)) throw new NotLiteral("its program is not a plain name");
  return parts.map(literalValue);
}

function literalValue({ text, value, parts }: Word): string {
  if (parts === undefined) {
    if (text === value && BARE.test(text)) return value;
    throw new NotLiteral(`"${shorten(text)}" is not literal`);
  }
  const literal = parts.map((part) => literalPart(part, text)).join("");
  if (literal !== value) throw new NotLiteral(`"${shorten(text)}" is not literal`);
  return literal;
}

function literalPart(part: WordPart, word: string): string {
  if (part.type === "Literal" && part.text === part.value && BARE.test(part.text)) return part.value;
  if (part.type === "SingleQuoted" && part.text === `'${part.value}'`) return part.value;
  if (part.type === "DoubleQuoted" && !SPECIAL_IN_QUOTES.test(part.text)) {
    const value = part.parts.map((inner) => (inner.type === "Literal" ? inner.value : "\0")).join("");
    if (part.text === `"${value}"`) return value;
  }
  throw new NotLiteral(`"${shorten(word)}" is not literal`);
}

/** Between the words there may be blanks and operators only: what the parser left out, the person would not see run. */
function assertNothingElse(source: string, words: readonly Word[]): void {
  let end = 0;
  for (const [index, word] of words.entries()) {
    const between = source.slice(end, word.pos);
    const isPlain = index === 0 ? /^ *$/.test(between) : /^ *(?:\||\|\||&&|;)? *$/.test(between) && between !== "";
    if (!isPlain || source.slice(word.pos, word.end) !== word.text)
      throw new NotLiteral("it has more than plain words");
    end = word.end;
  }
  if (!/^ *;? *$/.test(source.slice(end))) throw new NotLiteral("it has more than plain words");
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
