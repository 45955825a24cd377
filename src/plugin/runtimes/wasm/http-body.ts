/** Reads the body of a response, and no more of it than may be. */
import { readAtMost } from "../../../lib/read-at-most.ts";
import { AlephError } from "../../../protocol/errors.ts";

/** Throws `payload_too_large`, after which the rest is not fetched. */
export async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const body = await readAtMost(response, maxBytes);
  if (!body) throw new AlephError("payload_too_large", `The answer is larger than ${maxBytes} bytes`);
  return body;
}
