/** Takes the chunk with the usage, which only we asked for, out of a Chat Completions stream; the rest stays as it is. */

const MARKS = ['"choices":[]', '"choices": []'];

export interface UsageFilter {
  /** What of it may be sent; empty while an event is not whole. */
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

export function createUsageFilter(): UsageFilter {
  let held: Uint8Array = new Uint8Array();
  return {
    push(chunk) {
      const bytes = held.byteLength === 0 ? asBuffer(chunk) : Buffer.concat([held, chunk]);
      // The usual case: whole events, none of them the one to hide.
      const end = endOfEvents(bytes);
      held = end === bytes.byteLength ? held.subarray(0, 0) : bytes.subarray(end);
      const whole = end === bytes.byteLength ? bytes : bytes.subarray(0, end);
      return MARKS.some((mark) => whole.includes(mark)) ? withoutUsage(whole) : whole;
    },
    end() {
      const rest = asBuffer(held);
      return MARKS.some((mark) => rest.includes(mark)) ? withoutUsage(rest) : rest;
    },
  };
}

function withoutUsage(bytes: Buffer): Uint8Array {
  const events = bytes.toString("utf8").split(/(?<=\r?\n\r?\n)/);
  const kept = events.filter((event) => !(/"choices": ?\[\]/.test(event) && /"usage":\s*\{/.test(event)));
  return Buffer.from(kept.join(""), "utf8");
}

/** Behind the last blank line. */
function endOfEvents(bytes: Buffer): number {
  const { byteLength: length } = bytes;
  const isBlank = bytes[length - 2] === 0x0a || (bytes[length - 2] === 0x0d && bytes[length - 3] === 0x0a);
  if (bytes[length - 1] === 0x0a && isBlank) return length;
  return Math.max(after(bytes, "\n\n"), after(bytes, "\r\n\r\n"), 0);
}

function after(bytes: Buffer, mark: string): number {
  const at = bytes.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
