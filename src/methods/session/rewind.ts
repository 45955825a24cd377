import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import type { Branches } from "../../session/branches.ts";

export const sessionRewind = defineMethod({
  name: "session.rewind",
  summary: "Go back to a message: what came behind it is kept in another session",
  scope: "write",
  params: z
    .strictObject({
      session_key: z.string(),
      before: z.string().optional().describe("id of the first message that goes"),
      at: z.string().optional().describe("id of the last message that stays"),
    })
    .refine(({ before, at }) => (before === undefined) !== (at === undefined), { error: 'needs "before" or "at"' }),
  result: z.object({
    session_key: z.string(),
    branch_key: z.string().nullable().describe("where the conversation is as it was; null when nothing came behind"),
    moved: z.number(),
  }),
  async handle({ branches }: { branches: Pick<Branches, "rewind"> }, { session_key, ...cut }) {
    const { branchKey, moved } = await branches.rewind(session_key, cut);
    return { session_key, branch_key: branchKey, moved };
  },
});
