import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";

export const sessionClear = defineMethod({
  name: "session.clear",
  summary: "Begin anew: the model forgets the conversation, the history stays readable",
  scope: "chat",
  guest: { own: "session_key" },
  params: z.strictObject({ session_key: z.string() }),
  result: z.object({ session_key: z.string() }),
  async handle({ sessions }: { sessions: Pick<Sessions, "clear"> }, { session_key }) {
    await sessions.clear(session_key);
    return { session_key };
  },
});
