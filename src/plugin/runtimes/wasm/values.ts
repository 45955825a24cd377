/** What a handler gets and gives: plain JSON on our side, bytes on the module's. */
import type { PluginManifest } from "../../../sdk/plugin.ts";

/**
 * Handlers whose tools take one text: `parameters` declares exactly one property, a string named `input`. They get that
 * text itself, as modules that are written for no particular host expect it.
 */
export function plainTextHandlers({ tools }: Pick<PluginManifest, "tools">): ReadonlySet<string> {
  return new Set(tools.filter(({ parameters }) => takesOneText(parameters)).map(({ handler }) => handler));
}

function takesOneText(parameters: Readonly<Record<string, unknown>>): boolean {
  const { properties } = parameters;
  if (!isObject(properties) || Object.keys(properties).join() !== "input") return false;
  return isObject(properties.input) && properties.input.type === "string";
}

/** Nothing is no bytes, a text is itself, and all else is JSON. */
export function toInput(args: unknown, plainText: boolean): Uint8Array {
  const value = plainText && isObject(args) && typeof args.input === "string" ? args.input : args;
  if (value === null || value === undefined) return new Uint8Array();
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** Deeper than anything that is meant; what walks through such a value would run out of stack. */
const MAX_DEPTH = 64;
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\[]{}'].map((c) => c.charCodeAt(0));

/** The JSON that the bytes are, else their text. Throws a `TypeError` for what is not UTF-8. */
export function fromOutput(output: Uint8Array): unknown {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(output);
  if (isTooDeep(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // Then it is a text, as of a module that knows nothing of JSON.
    return text;
  }
}

/** Counted before it is parsed, in one pass whatever the text is. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth += 1;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
