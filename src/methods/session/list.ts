import * as z from "zod";
import { session } from "../../protocol/session.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { SessionLoad } from "../../session/wire.ts";
import { toWireSession } from "../../session/wire.ts";

export const sessionList = defineMethod({
  name: "session.list",
  summary: "List sessions, newest first",
  scope: "read",
  params: z.strictObject({
    /** Keeps keys and titles that contain it. */
    filter: z.string().max(200).optional(),
    limit: z.int().min(1).max(1000).default(100),
    /** Only sessions last used before this time (Unix milliseconds); the `next` of the page before. */
    before: z.number().optional(),
  }),
  result: z.object({ sessions: z.array(session), next: z.number().optional() }),
  handle({ sessions, queues }: { sessions: Pick<Sessions, "list">; queues: SessionLoad }, { filter, limit, before }) {
    const page = sessions.list({ limit, ...(filter ? { filter } : {}), ...(before === undefined ? {} : { before }) });
    return {
      sessions: page.map((found) => toWireSession(found, queues)),
      ...(page.length === limit ? { next: page.at(-1)!.updatedAt } : {}),
    };
  },
});
