import * as z from "zod";
import type { MediaLinks } from "../../media/links.ts";
import { MEDIA_ID } from "../../protocol/media-id.ts";
import { defineMethod } from "../../sdk/method.ts";

export const mediaLink = defineMethod({
  name: "media.link",
  summary: "Make a link to a stored file that works without a login for an hour",
  scope: "read",
  params: z.strictObject({ media_id: z.string().regex(MEDIA_ID, "must be a media id") }),
  result: z.object({ url: z.string().describe("path and query on the server's own address"), expires_at: z.number() }),
  handle({ mediaLinks }: { mediaLinks: Pick<MediaLinks, "sign"> }, { media_id }) {
    return mediaLinks.sign(media_id);
  },
});
