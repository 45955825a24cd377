import * as z from "zod";
import type { Compactions } from "../../agent/compactions.ts";
import { defineMethod } from "../../sdk/method.ts";

export const sessionUncompact = defineMethod({
  name: "session.uncompact",
  summary: "Undo the last compaction of a session: the model sees its messages again",
  scope: "write",
  params: z.strictObject({ session_key: z.string() }),
  result: z.object({ session_key: z.string() }),
  async handle({ compactions }: { compactions: Pick<Compactions, "undo"> }, { session_key }) {
    await compactions.undo(session_key);
    return { session_key };
  },
});
