/** Bytes and texts spoiled as wires and editors spoil them. */
import * as fc from "fast-check";

/** A good text with one to four places changed: bytes flipped, left out, said twice, cut off, or swapped for awkward ones. */
export function mutated(good: string): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(good);
  const change = fc.record({
    how: fc.constantFrom("flip", "drop", "repeat", "cut", "insert"),
    at: fc.nat({ max: Math.max(0, bytes.length - 1) }),
    length: fc.integer({ min: 1, max: 24 }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc
        .constantFrom("\n\n", "data: ", "}", '"', "[", "null", "\u0000", "\ufeff", "1e999", "= ", "[[x]]")
        .map((text) => new TextEncoder().encode(text)),
    ),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => changes.reduce(applied, bytes));
}

type Change = { readonly how: string; readonly at: number; readonly length: number; readonly bytes: Uint8Array };

function applied(source: Uint8Array<ArrayBuffer>, { how, at, length, bytes }: Change): Uint8Array<ArrayBuffer> {
  const start = Math.min(at, source.length);
  const [head, found, tail] = [
    source.slice(0, start),
    source.slice(start, start + length),
    source.slice(start + length),
  ];
  if (how === "flip")
    return Uint8Array.from(source, (byte, index) => (index === start ? byte ^ (1 << (length % 8)) : byte));
  if (how === "drop") return joinBytes(head, tail);
  if (how === "repeat") return joinBytes(head, found, found, tail);
  if (how === "cut") return head;
  return joinBytes(head, bytes, found, tail);
}

function joinBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
