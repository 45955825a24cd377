/** Masks secrets in text and in plain data before either leaves the process. */

export const MASK = "[masked]";

/** Keys whose string value is a secret whatever it looks like; in snake_case, for every spelling. */
const SECRET_KEY =
  /^(?:(?:.*_)?(?:authorization|cookie|password|passphrase|secret|api_?keys?|(?:secret|access|private)_key|token)|bearer|signature|invite|pairing_code)$/;

/** Shapes of well-known credentials inside free text; `mask-stream.ts` knows how each begins. */
const SECRET_TEXT = [
  /\bBearer\s+[A-Za-z0-9._~+/-]{8,}=*/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\baleph_[a-z]{1,8}_[A-Za-z0-9_-]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bgh[opsu]_[A-Za-z0-9]{20,}/g,
  /\bxox[abeprs]-[A-Za-z0-9-]{10,}/g,
  /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g,
  // One that is cut short goes as well, which also keeps the search linear.
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)/g,
];

/** Whether a key of a config table, log line or header names a secret: `api_key`, `apiKey`, `X-Api-Key`. */
export function isSecretKey(key: string): boolean {
  const spelled = key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll("-", "_");
  return SECRET_KEY.test(spelled.toLowerCase());
}

export function maskText(text: string): string {
  let masked = text;
  for (const shape of SECRET_TEXT) masked = masked.replace(shape, MASK);
  return masked;
}

/**
 * Masks text that came in pieces: a secret that is spread over several is masked where it begins, and what follows of it
 * is dropped. `known` are secrets by their value. As many pieces come back as went in.
 */
export function maskPieces(pieces: readonly string[], known: readonly string[] = []): string[] {
  const text = pieces.join("");
  const spans = secretSpans(text, known);
  if (spans.length === 0) return [...pieces];
  let at = 0;
  return pieces.map((piece) => {
    const [from, to] = [at, at + piece.length];
    at = to;
    let kept = "";
    let next = from;
    for (const [start, end] of spans) {
      if (end <= from || start >= to) continue;
      kept += text.slice(next, Math.max(next, start));
      if (start >= from) kept += MASK;
      next = Math.min(to, end);
    }
    return kept + text.slice(next, to);
  });
}

/** Where secrets stand, in order and without overlap. */
export function secretSpans(text: string, known: readonly string[]): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const secret of known) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1))
      found.push([at, at + secret.length]);
  }
  for (const shape of SECRET_TEXT) {
    for (const { index, 0: match } of text.matchAll(shape)) found.push([index, index + match.length]);
  }
  const spans: [number, number][] = [];
  for (const [start, end] of found.toSorted((a, b) => a[0] - b[0])) {
    const last = spans.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else spans.push([start, end]);
  }
  return spans;
}

/** More values than any log line or config has; a graph of objects that point to each other ends here. */
const MAX_VALUES = 10_000;

/** A copy of plain data in which each secret is replaced by `[masked]`; depths over 12 and endless graphs are cut. */
export function maskSecrets(value: unknown): unknown {
  let left = MAX_VALUES;
  function mask(item: unknown, isSecret: boolean, depth: number): unknown {
    if (typeof item === "string") return isSecret && item !== "" ? MASK : maskText(item);
    if (typeof item !== "object" || item === null) return item;
    if (depth > 12) return "[too deep]";
    if (--left < 0) return "[too large]";
    // A list under a secret's name holds secrets.
    if (Array.isArray(item)) return item.map((each) => mask(each, isSecret, depth + 1));
    if (item instanceof Error) return maskText(item.message);
    if (item instanceof Date) return item;
    const masked: Record<string, unknown> = {};
    for (const [key, each] of Object.entries(item)) masked[key] = mask(each, isSecretKey(key), depth + 1);
    return masked;
  }
  return mask(value, false, 0);
}
