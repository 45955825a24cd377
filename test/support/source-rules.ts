/** Rules for one source file; each says what is wrong with it, or nothing. */
import type { Source } from "./source-tree.ts";

/** Values that change while they live; at module level they would be state that two apps in one process share. */
const STATEFUL =
  /^(?:new (?:Map|Set|WeakMap|WeakSet)(?:\(\))?;|new (?:AbortController|AsyncLocalStorage|EventEmitter|EventTarget|Database|Worker|BroadcastChannel)\b|(?:signal|computed|createLog|createTokenBucket)\()/;

/** Module-level names that may change. */
export function mutableState({ code, text }: Source): string[] {
  const found = [...code.matchAll(/^(?:export )?(?:let|var) (\w+)/gm)].map((match) => `let ${match[1]}`);
  for (const [, name, value] of code.matchAll(/^(?:export )?const (\w+) = (.*)$/gm)) {
    if (STATEFUL.test(value!)) found.push(`const ${name} = ${value}`);
    else if (/^(?:\{|\[|new (?:Map|Set|WeakMap|WeakSet)\()/.test(value!) && isChanged(code, name!))
      found.push(`const ${name} is changed`);
  }
  for (const [line] of text.matchAll(/^ +static (?!readonly\b|async\b|get\b)#?\w+(?:: [^=]+)? = .*$/gm))
    found.push(line.trim());
  return found;
}

function isChanged(code: string, name: string): boolean {
  const mutators = "set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin";
  return new RegExp(
    `(?<![.\\w])${name}(?:\\.(?:${mutators})\\(|(?:\\.\\w+|\\[[^\\]]*\\])+ (?:[-+*/|&?]{0,2})=(?![=>]))`,
  ).test(code);
}

export function readsEnvironment({ code }: Source): boolean {
  return /\bprocess\.env\b|\bBun\.env\b|\bimport\.meta\.env\b/.test(code.replaceAll("process.env.NODE_ENV", ""));
}

export function startsProcesses({ code, imports }: Source): boolean {
  const modules = ["child_process", "node:child_process", "cluster", "node:cluster"];
  if (imports.some(({ specifier, type }) => !type && modules.includes(specifier))) return true;
  return /\bBun\.(?:spawn|spawnSync|\$)|import \{[^}]*(?:\bspawn\b|\bspawnSync\b|\$)[^}]*\} from "bun"/.test(code);
}

/** Whether the first thing in it besides imports is a comment that says what it is. */
export function hasOpening({ text }: Source): boolean {
  return /^(?:#!.*\n)?(?:import\b[^;]*;\s*)*\/\*\*\s+\S/.test(text);
}

/** Whether it exports one list, or one function that makes it, and declares nothing else. */
export function isOnlyList({ code }: Source): boolean {
  const declared = code.match(/^(?:export )?(?:default|async function|function|class|const|let|var)\b/gm) ?? [];
  return declared.length === 1 && /^export (?:const|function)$/.test(declared[0]);
}
