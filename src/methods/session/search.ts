import * as z from "zod";
import { messageRole } from "../../protocol/message.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { MessageIndex } from "../../session/message-index.ts";

export const sessionSearch = defineMethod({
  name: "session.search",
  summary: "Full-text search over what was said in all sessions but ephemeral ones and those of guests, best first",
  scope: "read",
  params: z.strictObject({
    query: z.string().min(1).max(2000),
    limit: z.int().min(1).max(200).default(20),
    session_key: z.string().optional().describe("only in this session"),
  }),
  result: z.object({
    messages: z.array(
      z.object({
        session_key: z.string(),
        title: z.string().nullable(),
        message_id: z.string(),
        role: messageRole,
        ts: z.number(),
        snippet: z.string(),
      }),
    ),
    not_searched: z.number().describe("messages that are not in the index yet"),
  }),
  async handle(
    { messageIndex }: { messageIndex: () => Promise<Pick<MessageIndex, "search">> },
    { query, limit, session_key: sessionKey },
  ) {
    const { found, left } = (await messageIndex()).search(query, { limit, sessionKey });
    const messages = found.map(({ id, key, ...rest }) => ({ session_key: key, message_id: id, ...rest }));
    return { messages, not_searched: left };
  },
});
