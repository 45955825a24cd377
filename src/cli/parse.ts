/** Finds the command in the words of a command line and refuses what it does not know, naming what is nearest. */
import { parseArgs } from "node:util";
import { nearest } from "../lib/nearest.ts";
import type { Arguments } from "./command.ts";
import { usageError } from "./failure.ts";

export type Values = ReadonlyMap<string, readonly string[]>;

/** The place of the first word that is neither an option nor the value of one; -1 when there is none. */
export function findWord(words: readonly string[], args: Arguments): number {
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") return -1;
    if (!isOption(word)) return at;
    if (!word.includes("=") && takesValue(args, word.replace(/^--?/, ""))) at++;
  }
  return -1;
}

/** All values of each option, in order. Throws `invalid_params` for anything that `args` does not know. */
export function checkWords(words: readonly string[], args: Arguments, name: string): Values {
  const hint = `Run "${name} --help" for what it takes`;
  const options = Object.entries(args).filter(([, { type }]) => type !== "positional");
  const shorts = new Map(
    options.flatMap(([option, { alias }]) => [alias ?? []].flat().map((short) => [short, option])),
  );
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      options.map(([option, { type, alias }]) => {
        const short = [alias ?? []].flat()[0];
        return [option, { type: type === "boolean" ? "boolean" : "string", ...(short ? { short } : {}) } as const];
      }),
    ),
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = args[token.name] ? token.name : shorts.get(token.name);
    const definition = option === undefined ? undefined : args[option];
    if (option === undefined || !definition || definition.type === "positional") {
      throw unknownOption(
        token.rawName,
        options.map(([known]) => `--${known}`),
        hint,
      );
    }
    if (definition.type === "boolean") {
      if (token.value !== undefined) throw usageError(`Option --${option} takes no value`, hint);
      continue;
    }
    const { value, inlineValue } = token;
    // An empty one is a variable of a script that is not set: taken for none, it would mean another home or session.
    if (value === undefined || value === "" || (!inlineValue && value.length > 1 && isOption(value))) {
      throw usageError(
        `Option --${option} needs a value`,
        `Write it as --${option}=${definition.valueHint ?? "value"}`,
      );
    }
    checkChoice(option, value, definition.type === "enum" ? definition.options : undefined, hint);
    values.set(option, [...(values.get(option) ?? []), value]);
  }
  const absent = options.find(([option, { required }]) => required === true && !values.has(option));
  if (absent) throw usageError(`Option --${absent[0]} is missing`, hint);
  checkPositionals(positionals, args, hint);
  return values;
}

function checkChoice(option: string, value: string, choices: readonly string[] | undefined, hint: string): void {
  if (!choices || choices.includes(value)) return;
  const meant = nearest(value, choices);
  throw usageError(
    `Option --${option} is one of ${choices.join(", ")}, not ${JSON.stringify(value)}`,
    meant ? `Did you mean --${option} ${meant}?` : hint,
  );
}

function checkPositionals(given: readonly string[], args: Arguments, hint: string): void {
  const places = Object.entries(args).filter(([, { type }]) => type === "positional");
  const missing = places.find(([, { required, completion }], at) => {
    if (given[at] === undefined) return required !== false;
    // An empty path would be the folder that the command was started in.
    return given[at] === "" && (completion === "file" || completion === "folder");
  });
  if (missing) throw usageError(`${missing[0].toUpperCase()} is missing`, hint);
  if (given.length > places.length && !places.some(([, { rest }]) => rest)) {
    throw usageError(`Too many arguments: ${places.length === 0 ? "it takes none" : `at most ${places.length}`}`, hint);
  }
}

function unknownOption(raw: string, known: readonly string[], hint: string): Error {
  const meant = nearest(raw, known);
  return usageError(`Unknown option ${raw}`, meant ? `Did you mean ${meant}?` : hint);
}

function takesValue(args: Arguments, name: string): boolean {
  return Object.entries(args).some(
    ([option, { type, alias }]) =>
      (type === "string" || type === "enum") && (option === name || [alias ?? []].flat().includes(name)),
  );
}

function isOption(word: string): boolean {
  return word.length > 1 && word.startsWith("-");
}
