/** Masks secrets in text that comes in pieces: what may be the beginning of one is held back until it is known. */
import { MASK, secretSpans } from "./mask.ts";

/** How a secret of each shape in `mask.ts` begins, at the end of a text that is made of its letters alone. */
const BEGINNINGS: readonly { readonly letters: RegExp; readonly open: RegExp }[] = [
  // With the gap in it; what follows the gap is looked at in `bearerAt`.
  { letters: /[A-Za-z]/, open: new RegExp(`\\b${begun("Bearer", "")}$`) },
  { letters: /[\w-]/, open: /\b[spr](?:k(?:-[\w-]*)?)?$/ },
  { letters: /[\w-]/, open: new RegExp(`\\b${begun("aleph_", "[a-z]{1,8}(?:_[\\w-]*)?")}$`) },
  { letters: /[\w-]/, open: new RegExp(`\\b${begun("AIza", "[\\w-]*")}$`) },
  { letters: /\w/, open: /\bg(?:h(?:[opsu](?:_[A-Za-z0-9]*)?)?)?$/ },
  { letters: /[A-Za-z0-9-]/, open: /\bx(?:o(?:x(?:[abeprs](?:-[A-Za-z0-9-]*)?)?)?)?$/ },
  { letters: /[\w:-]/, open: /\b(?:\d{1,10}|\d{8,10}:[\w-]{0,35})$/ },
  { letters: /[A-Z -]/, open: new RegExp(`${begun("-----BEGIN ", "[A-Z ]*-{0,5}")}$`) },
];
const KEY_ENDS = /-----END [A-Z ]*PRIVATE KEY-----$/;
const KEY_BEGINS = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** No shape begins with it. */
const IN_WORD = "_";

/** Beyond it the middle of what is held back is forgotten: no secret has its end told by its middle. */
const MAX_HELD = 16_384;
const KEPT_END = 1_024;

export class MaskStream {
  readonly #known: readonly string[];
  readonly #maxHeld: number;
  /** Stands for what was given out, where that ends within a word: there no secret begins. */
  #before = "";
  #held = "";
  /** What was given out ends with a mask, and what touches it belongs to it. */
  #endsMasked = false;

  /** `known` are secrets by their value. */
  constructor(known: readonly string[] = []) {
    this.#known = known;
    this.#maxHeld = known.reduce((most, { length }) => Math.max(most, 2 * length), MAX_HELD);
  }

  /** What may be shown by now. All pieces, with what `end` gives, are what `maskPieces` makes of the whole. */
  push(piece: string): string {
    if (piece === "") return "";
    const text = this.#before + this.#held + piece;
    const spans = secretSpans(text, this.#known);
    let cut = openAt(text, this.#known);
    for (const [start, end] of spans.toReversed()) {
      const goesOn = end === text.length && isOpenKey(text.slice(start));
      if (goesOn || (start < cut && cut < end)) cut = Math.min(cut, start);
    }
    return this.#give(text, spans, Math.max(cut, this.#before.length));
  }

  /** The rest: nothing follows. */
  end(): string {
    const text = this.#before + this.#held;
    const shown = this.#give(text, secretSpans(text, this.#known), text.length);
    this.#before = "";
    this.#endsMasked = false;
    return shown;
  }

  #give(text: string, spans: readonly (readonly [number, number])[], cut: number): string {
    const from = this.#before.length;
    let shown = "";
    let next = from;
    for (const [start, end] of spans) {
      if (end <= from || start >= cut) continue;
      shown += text.slice(next, Math.max(next, start));
      if (!(this.#endsMasked && start <= from)) shown += MASK;
      next = end;
    }
    shown += text.slice(next, cut);
    if (cut > from) {
      this.#before = /\w/.test(text[cut - 1]!) ? IN_WORD : "";
      this.#endsMasked = spans.some(([, end]) => end === cut);
    }
    const held = text.slice(cut);
    this.#held = held.length > this.#maxHeld ? held.slice(0, this.#maxHeld - KEPT_END) + held.slice(-KEPT_END) : held;
    return shown;
  }
}

/** Where something begins that may yet become a secret; the end of the text when nothing does. */
function openAt(text: string, known: readonly string[]): number {
  let at = text.length;
  for (const secret of known) {
    // All of it but its last letter at most: what is whole is a secret already.
    for (let from = Math.max(0, text.length - secret.length + 1); from < at; from++) {
      if (text[from] === secret[0] && secret.startsWith(text.slice(from))) at = from;
    }
  }
  for (const { letters, open } of BEGINNINGS) {
    // With the character before: what is in the middle of a word is no beginning.
    const from = Math.max(0, runOf(text, letters, text.length) - 1);
    const found = open.exec(text.slice(from));
    if (found && found[0] !== "") at = Math.min(at, from + found.index);
  }
  return Math.min(at, bearerAt(text) ?? at);
}

function bearerAt(text: string): number | undefined {
  const value = runOf(text, /[\w.~+/=-]/, text.length);
  const gap = runOf(text, /\s/, value);
  const word = gap - "Bearer".length;
  if (gap === value || word < 0 || text.slice(word, gap) !== "Bearer") return undefined;
  return word > 0 && /\w/.test(text[word - 1]!) ? undefined : word;
}

/** Where the letters begin that stand before `end` without another in between. */
function runOf(text: string, letters: RegExp, end: number): number {
  let from = end;
  while (from > 0 && letters.test(text[from - 1]!)) from--;
  return from;
}

function isOpenKey(text: string): boolean {
  return KEY_BEGINS.test(text) && !KEY_ENDS.test(text);
}

/** Source of a pattern for each beginning of `word`, and for all of it with `rest` behind it. */
function begun(word: string, rest: string): string {
  return [...word].reduceRight((after, letter) => (after === "" ? letter : `${letter}(?:${after})?`), rest);
}
