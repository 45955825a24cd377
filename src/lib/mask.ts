/** Masks secrets in text and in plain data before either leaves the process. */

export const MASK = "[masked]";

/** Keys whose string value is a secret whatever it looks like; in snake_case, for every spelling. */
const SECRET_KEY =
  /^(?:(?:.*_)?(?:authorization|cookie|password|passphrase|secret|api_?key|(?:secret|access|private)_key|token)|bearer|signature|invite|pairing_code)$/;

/** Shapes of well-known credentials inside free text. */
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
