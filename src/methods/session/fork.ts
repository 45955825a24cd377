import * as z from "zod";
import { session } from "../../protocol/session.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Branches } from "../../session/branches.ts";
import type { SessionLoad } from "../../session/wire.ts";
import { toWireSession } from "../../session/wire.ts";

export const sessionFork = defineMethod({
  name: "session.fork",
  summary: "Copy a session, whole or up to a message, into a new one",
  scope: "write",
  params: z
    .strictObject({
      session_key: z.string(),
      before: z.string().optional().describe("id of the first message that is left out"),
      at: z.string().optional().describe("id of the last message that is taken over"),
      title: z.string().min(1).max(200).optional(),
    })
    .refine(({ before, at }) => before === undefined || at === undefined, {
      error: 'takes "before" or "at", not both',
    }),
  result: session,
  async handle(
    { branches, queues }: { branches: Pick<Branches, "fork">; queues: SessionLoad },
    { session_key, title, ...cut },
  ) {
    return toWireSession(await branches.fork(session_key, cut, title), queues);
  },
});
