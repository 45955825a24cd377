/** Reads the body of a request or a response, and no further than it may be long. */

/** Undefined for a longer one, by what was announced or by what came; what is left of it is not read. */
export async function readAtMost(
  { headers, body }: Pick<Response, "headers" | "body">,
  most: number,
): Promise<Buffer | undefined> {
  if (Number(headers.get("content-length") ?? 0) > most) {
    // Whoever sends it is told by the end of the connection; that it ended already is as good.
    await body?.cancel().catch(() => undefined);
    return undefined;
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
