/**
 * The text of a message as Messages keeps it in `attributedBody`: an NSAttributedString in Apple's typedstream, whose first
 * object is the string. Format as in https://github.com/dgelessus/python-typedstream.
 */

const NAME = Buffer.from("NSString");
const MUTABLE = Buffer.from("NSMutableString");
/** The type of what follows: bytes with their length in front. */
const BYTES = Buffer.from([0x84, 0x01, 0x2b]);
/** Stands where an attachment is. */
const OBJECT = "\ufffc";

/** Nothing where there is no string in it. */
export function readAttributedBody(body: Uint8Array): string | undefined {
  const data = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (data.indexOf("streamtyped") < 0) return undefined;
  const name = Math.max(data.indexOf(NAME), data.indexOf(MUTABLE));
  const type = name < 0 ? -1 : data.indexOf(BYTES, name);
  if (type < 0) return undefined;
  const { value: length, next } = readInteger(data, type + BYTES.length);
  if (length < 0 || next + length > data.length) return undefined;
  return data.toString("utf8", next, next + length).replaceAll(OBJECT, "");
}

/** One byte, or after 0x81 two, after 0x82 four. */
function readInteger(data: Buffer, at: number): { readonly value: number; readonly next: number } {
  const head = data[at];
  if (head === 0x81 && at + 3 <= data.length) return { value: data.readUInt16LE(at + 1), next: at + 3 };
  if (head === 0x82 && at + 5 <= data.length) return { value: data.readInt32LE(at + 1), next: at + 5 };
  return { value: head === undefined || head > 0x80 ? -1 : head, next: at + 1 };
}
