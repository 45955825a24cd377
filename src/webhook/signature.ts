/** Whether a webhook comes from whoever knows its secret: HMAC-SHA-256 in the ways that services sign, and our own signature. */
import { timingSafeEqual } from "node:crypto";

export interface Signed {
  /** As it came, byte by byte. */
  readonly body: Uint8Array;
  readonly headers: Headers;
}

export interface SignatureRules {
  readonly scheme: SignatureScheme;
  readonly header?: string | undefined;
  /** What stands before the digest; only `github` lets it be chosen. */
  readonly prefix?: string | undefined;
  readonly tolerance_ms: number;
}

/**
 * `github`: the digest of the body in hexadecimal, after a prefix. `stripe`: `t=<seconds>,v1=<digest>` of `<seconds>.<body>`, which
 * is what we send ourselves. `slack`: of `v0:<seconds>:<body>`. `standard`: Standard Webhooks 1.0, of `<id>.<seconds>.<body>`, in base64.
 */
export const SIGNATURE_SCHEMES = ["github", "stripe", "slack", "standard"] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

export const SIGNATURE_HEADERS: Readonly<Record<SignatureScheme, string>> = {
  github: "x-hub-signature-256",
  stripe: "stripe-signature",
  slack: "x-slack-signature",
  standard: "webhook-signature",
};

/** `signature` is the same for the same message, and for no other. */
export type Verdict =
  | { readonly ok: true; readonly signature: string }
  | { readonly ok: false; readonly why: "no signature" | "wrong signature" | "too old" };

const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;
/** Of Unix seconds, until the year 5138. */
const SECONDS = /^[1-9]\d{8,10}$/;
/** Signatures beside each other, while a secret is replaced. */
const MOST = 8;

/** `now` is Unix milliseconds. Which of the secrets it was takes no longer to find out than that it was none. */
export function verifySignature(
  { body, headers }: Signed,
  rules: SignatureRules,
  secrets: readonly string[],
  now: number,
): Verdict {
  const { scheme, header = SIGNATURE_HEADERS[scheme], tolerance_ms } = rules;
  const sent = headers.get(header);
  if (sent === null || sent.length > 4096) return { ok: false, why: "no signature" };
  const read = READERS[scheme](sent, headers, rules.prefix ?? "sha256=");
  if (!read) return { ok: false, why: "wrong signature" };
  const { digests, seconds, before } = read;
  const keys = secrets.filter((secret) => secret !== "").map(scheme === "standard" ? standardKey : (secret) => secret);
  let isRight = false;
  for (const key of keys) {
    const expected = new Bun.CryptoHasher("sha256", key).update(before).update(body).digest();
    for (const digest of digests) isRight = timingSafeEqual(expected, digest) || isRight;
  }
  if (!isRight) return { ok: false, why: "wrong signature" };
  // Only who knows the secret learns that it is too late.
  if (seconds !== undefined && Math.abs(now - seconds * 1000) > tolerance_ms) return { ok: false, why: "too old" };
  return { ok: true, signature: new Bun.CryptoHasher("sha256").update(before).update(body).digest("hex") };
}

/** The value of `aleph-signature`. `at` is Unix milliseconds. */
export function signBody(body: string, secret: string, at: number): string {
  const seconds = Math.floor(at / 1000);
  return `t=${seconds},v1=${new Bun.CryptoHasher("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

/** In a time that tells nothing of how much of it is right. */
export function isToken(sent: string, tokens: readonly string[]): boolean {
  const digestOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  const given = digestOf(sent);
  let isRight = false;
  for (const token of tokens) isRight = (token !== "" && timingSafeEqual(given, digestOf(token))) || isRight;
  return isRight;
}

interface Read {
  readonly digests: readonly Uint8Array[];
  /** What is signed before the body. */
  readonly before: string;
  readonly seconds?: number;
}

type Reader = (sent: string, headers: Headers, prefix: string) => Read | undefined;

const READERS: Readonly<Record<SignatureScheme, Reader>> = {
  github(sent, _headers, prefix) {
    const digest = sent.slice(prefix.length);
    return sent.startsWith(prefix) ? found([digest].filter(isHex).map(fromHex), "") : undefined;
  },
  stripe(sent) {
    const pairs = sent.split(",").map((pair) => pair.trim().split("=", 2) as [string, string?]);
    const times = pairs.filter(([name]) => name === "t").map(([, value = ""]) => value);
    const [time = ""] = times;
    if (times.length !== 1 || !SECONDS.test(time)) return undefined;
    const digests = pairs.filter(([name]) => name === "v1").map(([, value = ""]) => value);
    return found(digests.filter(isHex).map(fromHex), `${time}.`, Number(time));
  },
  slack(sent, headers) {
    const time = headers.get("x-slack-request-timestamp") ?? "";
    if (!SECONDS.test(time) || !sent.startsWith("v0=")) return undefined;
    return found([sent.slice(3)].filter(isHex).map(fromHex), `v0:${time}:`, Number(time));
  },
  standard(sent, headers) {
    const [id, time] = [headers.get("webhook-id") ?? "", headers.get("webhook-timestamp") ?? ""];
    // A full stop in the id would let what is signed be read in two ways.
    if (id === "" || id.includes(".") || !SECONDS.test(time)) return undefined;
    const digests = sent.split(" ").flatMap((each) => (each.startsWith("v1,") ? [each.slice(3)] : []));
    const bytes = digests.filter((digest) => BASE64.test(digest)).map((digest) => Buffer.from(digest, "base64"));
    return found(bytes, `${id}.${time}.`, Number(time));
  },
};

function found(digests: readonly Uint8Array[], before: string, seconds?: number): Read | undefined {
  if (digests.length === 0 || digests.length > MOST) return undefined;
  return { digests, before, ...(seconds === undefined ? {} : { seconds }) };
}

function isHex(text: string): boolean {
  return HEX.test(text);
}

function fromHex(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

/** Its secrets are base64 after `whsec_`; another text is its own bytes. */
function standardKey(secret: string): string | Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret;
}
