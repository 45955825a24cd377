/** Masks secrets in text and in plain data before either leaves the process. */

export const MASK = "[masked]";

/** Keys whose string value is a secret whatever it looks like. */
const SECRET_KEY =
  /^(?:authorization|cookie|set-cookie|password|passphrase|secret|.*_secret|api_?key|x-api-key|.*_api_key|token|.*_token|bearer|private_key|signature|invite|pairing_code)$/i;

/** Shapes of well-known credentials inside free text. */
const SECRET_TEXT = [
  /\bBearer\s+[A-Za-z0-9._~+/-]{8,}=*/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\baleph_[a-z]{1,8}_[A-Za-z0-9_-]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bgh[opsu]_[A-Za-z0-9]{20,}/g,
  /\bxox[abeprs]-[A-Za-z0-9-]{10,}/g,
  /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
];

/** Whether a key of a config table or log line names a secret. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

export function maskText(text: string): string {
  let masked = text;
  for (const shape of SECRET_TEXT) masked = masked.replace(shape, MASK);
  return masked;
}

/** A copy of plain data in which each secret is replaced by `[masked]`; cycles and depths over 12 are cut. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return maskText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > 12) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, depth + 1));
  if (value instanceof Error) return maskText(value.message);
  const masked: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    masked[key] = typeof item === "string" && item !== "" && isSecretKey(key) ? MASK : maskSecrets(item, depth + 1);
  }
  return masked;
}
