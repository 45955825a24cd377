/** Takes the chunk with the usage, which only we asked for, out of a Chat Completions stream; the rest stays as it is. */

export interface UsageFilter {
  /** What of it may be sent; empty while an event is not whole. */
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

export function createUsageFilter(): UsageFilter {
  let held: Uint8Array = new Uint8Array();
  return {
    push(chunk) {
      // Nearly all there is: whole events, none of them the one to hide.
      if (held.byteLength === 0 && endsEvent(chunk) && !hasEmptyList(chunk)) return chunk;
      const bytes = held.byteLength === 0 ? asBuffer(chunk) : Buffer.concat([held, chunk]);
      const end = endOfEvents(bytes);
      held = end === bytes.byteLength ? held.subarray(0, 0) : bytes.subarray(end);
      const whole = end === bytes.byteLength ? bytes : bytes.subarray(0, end);
      return hasEmptyList(whole) ? withoutUsage(whole) : whole;
    },
    end() {
      const rest = asBuffer(held);
      return hasEmptyList(rest) ? withoutUsage(rest) : rest;
    },
  };
}

/** The chunk to hide has no choices. Without a `Buffer`, whose making costs more than the look. */
function hasEmptyList(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0x5b); at >= 0; at = bytes.indexOf(0x5b, at + 1)) if (bytes[at + 1] === 0x5d) return true;
  return false;
}

function withoutUsage(bytes: Buffer): Uint8Array {
  const events = bytes.toString("utf8").split(/(?<=\r?\n\r?\n)/);
  const kept = events.filter((event) => !(/"choices": ?\[\]/.test(event) && /"usage":\s*\{/.test(event)));
  return Buffer.from(kept.join(""), "utf8");
}

/** Whether its end is that of a blank line. */
function endsEvent(bytes: Uint8Array): boolean {
  const last = bytes.byteLength - 1;
  return bytes[last] === 0x0a && (bytes[last - 1] === 0x0a || (bytes[last - 1] === 0x0d && bytes[last - 2] === 0x0a));
}

/** Behind the last blank line. */
function endOfEvents(bytes: Buffer): number {
  if (endsEvent(bytes)) return bytes.byteLength;
  return Math.max(after(bytes, "\n\n"), after(bytes, "\r\n\r\n"), 0);
}

function after(bytes: Buffer, mark: string): number {
  const at = bytes.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
