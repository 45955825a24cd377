import * as z from "zod";
import { session } from "../../protocol/session.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Place, Sessions } from "../../session/sessions.ts";
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
    before: z
      .string()
      .regex(/^\d{1,16}\./, "must be the next of the page before")
      .optional()
      .describe("the next of the page before"),
  }),
  result: z.object({ sessions: z.array(session), next: z.string().optional() }),
  handle({ sessions, queues }: { sessions: Pick<Sessions, "list">; queues: SessionLoad }, { filter, limit, before }) {
    const page = sessions.list({
      limit,
      ...(filter ? { filter } : {}),
      ...(before === undefined ? {} : { before: parsePlace(before) }),
    });
    return {
      sessions: page.map((found) => toWireSession(found, queues)),
      ...(page.length === limit ? { next: formatPlace(page.at(-1)!) } : {}),
    };
  },
});

function formatPlace({ updatedAt, key }: Place): string {
  return `${updatedAt}.${key}`;
}

function parsePlace(text: string): Place {
  const dot = text.indexOf(".");
  return { updatedAt: Number(text.slice(0, dot)), key: text.slice(dot + 1) };
}
