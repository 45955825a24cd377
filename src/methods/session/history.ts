import * as z from "zod";
import { message } from "../../protocol/message.ts";
import { defineMethod } from "../../sdk/method.ts";
import { readHistory } from "../../session/messages.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { Stores } from "../../session/stores.ts";

export const sessionHistory = defineMethod({
  name: "session.history",
  summary: "Read a page of a session's messages, oldest first",
  scope: "read",
  guest: { own: "session_key" },
  params: z.strictObject({
    session_key: z.string(),
    limit: z.int().min(1).max(1000).default(100),
    /** The page before this message: the `next` of the page after. */
    before: z.string().optional(),
  }),
  result: z.object({ messages: z.array(message), next: z.string().optional() }),
  handle(
    { sessions, stores }: { sessions: Pick<Sessions, "get">; stores: Pick<Stores, "of"> },
    { session_key, limit, before },
  ) {
    const session = sessions.get(session_key);
    const { messages, next } = readHistory(stores.of(session.key).db, session.id, { limit, before });
    return { messages: messages.map(({ position: _, ...rest }) => rest), ...(next === undefined ? {} : { next }) };
  },
});
