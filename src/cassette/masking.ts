/** What a recording does not say: secrets, by their shape, their key or their value, and the bytes of media. */
import { isSecretKey, MASK, maskPieces } from "../lib/mask.ts";
import type { StreamPart } from "../sdk/provider.ts";

export interface Masking {
  /** A copy of plain data as it may be written down. */
  value(value: unknown): unknown;
  /** The parts of one reply: a secret may be spread over several of them. */
  parts(parts: readonly StreamPart[]): StreamPart[];
  /** Pieces of one text. */
  pieces(pieces: readonly string[]): string[];
}

/** Shorter ones would be found everywhere. */
const SHORTEST = 8;

/** `secrets` are those that are known by their value. */
export function createMasking(secrets: readonly string[]): Masking {
  const known = [...new Set(secrets)].filter(({ length }) => length >= SHORTEST);
  const pieces = (texts: readonly string[]) => maskPieces(texts, known);
  const text = (whole: string) => pieces([whole])[0]!;

  function value(item: unknown, isSecret = false): unknown {
    if (typeof item === "string") return isSecret && item !== "" ? MASK : text(item);
    if (item instanceof Uint8Array) return { bytes: item.byteLength, sha256: digestOf(item) };
    if (typeof item !== "object" || item === null) return item;
    if (Array.isArray(item)) return item.map((each) => value(each, isSecret));
    return Object.fromEntries(Object.entries(item).map(([key, each]) => [text(key), value(each, isSecretKey(key))]));
  }

  return {
    value: (item) => value(item),
    pieces,
    parts(parts) {
      const masked = parts.map((part) => value(part) as StreamPart);
      for (const type of ["text", "thinking"] as const) {
        const places = parts.flatMap((part, index) => (part.type === type ? [index] : []));
        const texts = pieces(places.map((index) => (parts[index] as { readonly text: string }).text));
        for (const [at, index] of places.entries())
          masked[index] = { ...masked[index]!, text: texts[at]! } as StreamPart;
      }
      return masked;
    },
  };
}

function digestOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
