/** Where platforms send what people wrote, for channels with a webhook; each of them proves by itself that it is the platform. */
import { readAtMost } from "../../lib/read-at-most.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { OpenChannel } from "../../sdk/channel.ts";
import { defineRoute } from "../../sdk/route.ts";

export interface ChannelsRouteNeeds {
  readonly interfaces: { channel(id: string): OpenChannel | undefined };
}

/** Updates of chats are small; files are fetched. */
const MAX_BODY = 1_000_000;

export const channelsRoute = defineRoute<ChannelsRouteNeeds>({
  auth: "public",
  async handle({ interfaces }, { request }) {
    const { pathname, searchParams: query } = new URL(request.url);
    const id = pathname.split("/")[2] ?? "";
    const channel = interfaces.channel(id);
    // Whether there is such an interface is nobody's business.
    if (!channel?.request) throw new AlephError("not_found", "No webhook here");
    const body = await readAtMost(request, MAX_BODY);
    if (!body) throw new AlephError("payload_too_large", `Body is larger than ${MAX_BODY} bytes`);
    const { status, body: text = "" } = await channel.request({ headers: request.headers, query, body });
    return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
  },
});
