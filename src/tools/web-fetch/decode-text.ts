/** Decodes the bytes of a page: by its byte order mark, its header, or what an HTML page says of itself. */

/** Bytes that do not fit become U+FFFD; an unknown encoding is read as UTF-8. */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const label =
    bomOf(bytes) ?? charsetIn(contentType) ?? charsetIn(Buffer.from(bytes.subarray(0, 1024)).toString("latin1"));
  try {
    return new TextDecoder((label ?? "utf-8") as Bun.Encoding).decode(bytes);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    return new TextDecoder().decode(bytes);
  }
}

function bomOf([first, second]: Uint8Array): string | undefined {
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return first === 0xff && second === 0xfe ? "utf-16le" : undefined;
}

function charsetIn(text: string): string | undefined {
  return /charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(text)?.[1];
}
