/** Reads the body of a response, and no more of it than may be. */
import { AlephError } from "../../../protocol/errors.ts";

/** Throws `payload_too_large`, after which the rest is not fetched. */
export async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body as ReadableStream<Uint8Array>) {
    length += part.length;
    if (length > maxBytes) throw new AlephError("payload_too_large", `The answer is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
