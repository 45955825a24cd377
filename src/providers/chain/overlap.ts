/** Takes out of a continued text what repeats the text before it, so that nobody reads the same words twice. */

export interface Overlap {
  /** The part of `piece`, and of what was held back, that is new. */
  push(piece: string): string;
  /** What was held back and turns out to be new, at the end of the text. */
  end(): string;
}

/**
 * `sent` is what the reader has seen. The new text may begin anew (a repetition from the first character), with the
 * last sentences or the last word of `sent`, or just go on. It is held back as long as it reads like a place in `sent`.
 */
export function createOverlap(sent: string): Overlap {
  let held = "";
  /** Places in `sent` at which all of `held` stands. */
  let places: number[] | undefined = Array.from({ length: sent.length }, (_, index) => index);
  /** The longest beginning of the new text with which `sent` ends. */
  let repeated = 0;

  const settle = (): string => {
    places = undefined;
    const fresh = held.slice(repeated);
    held = "";
    return fresh;
  };

  return {
    push(piece) {
      if (places === undefined) return piece;
      const before = held.length;
      held += piece;
      for (let at = before; at < held.length; at++) {
        places = places.filter((place) => sent[place + at] === held[at]);
        if (places.some((place) => place + at + 1 === sent.length) && isRepetition(sent, at + 1)) repeated = at + 1;
        if (places.length === 0) return settle();
      }
      return "";
    },
    end: () => (places === undefined ? "" : settle()),
  };
}

/**
 * Whether the last `length` characters of `sent`, met again, are a repetition. One to three may be chance ("1" after
 * "= 1"): they count when they are a word, or the beginning of one, on their own.
 */
function isRepetition(sent: string, length: number): boolean {
  if (length >= 4 || length === sent.length) return true;
  const from = sent.length - length;
  return /^\p{L}+$/u.test(sent.slice(from)) && /\s/.test(sent[from - 1] ?? "");
}
