/** Where other programs say what happened; each webhook proves by itself who sends it, and a delivery that is taken is on disk. */
import { readAtMost } from "../../lib/read-at-most.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";

export interface HooksRouteNeeds {
  /** Loaded with the first request. */
  readonly webhooks: () => Promise<{
    receive(
      name: string,
      delivery: {
        readonly headers: Headers;
        readonly address: string;
        body(limit: number): Promise<Uint8Array>;
      },
    ): Promise<{ readonly status: number; readonly body: object }>;
  }>;
}

export const hooksRoute = defineRoute<HooksRouteNeeds>({
  auth: "public",
  async handle({ webhooks }, { request, address }) {
    const url = new URL(request.url);
    // A secret in an address stands in the log of everything that it passes.
    if (url.search !== "") throw new AlephError("invalid_request", "The address of a webhook has no parameters");
    const name = url.pathname.split("/")[2] ?? "";
    const { headers } = request;
    const { status, body } = await (await webhooks()).receive(name, {
      headers,
      address,
      body: (limit) => readBody(request, limit),
    });
    return Response.json(body, { status });
  },
});

/** Read no further than to the limit, whatever was announced. */
async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const body = await readAtMost(request, limit);
  if (!body) throw new AlephError("payload_too_large", `A delivery may have ${limit} bytes`);
  return body;
}
