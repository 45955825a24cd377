import * as z from "zod";
import type { Compactions } from "../../agent/compactions.ts";
import { summaryTexts } from "../../agent/context.ts";
import { defineMethod } from "../../sdk/method.ts";

export const sessionCompact = defineMethod({
  name: "session.compact",
  summary: "Make a long conversation shorter for the model: its older part is told by notes, every message is kept",
  scope: "write",
  rate: "run",
  params: z.strictObject({ session_key: z.string() }),
  result: z.object({
    session_key: z.string(),
    compacted: z.boolean().describe("false: nothing is old enough, or no model is there that could take notes"),
    summarised: z.number().describe("messages that the notes tell of now"),
    tokens_before: z.number(),
    tokens_after: z.number(),
    summary: z.string().nullable().describe("as the model sees it"),
  }),
  async handle({ compactions }: { compactions: Pick<Compactions, "compact"> }, { session_key }, call) {
    const credential = call.connection.rights?.credentials[0];
    const made = await compactions.compact(session_key, { grant: call.grant!, credential }, call.signal);
    if (made === undefined) {
      return { session_key, compacted: false, summarised: 0, tokens_before: 0, tokens_after: 0, summary: null };
    }
    return {
      session_key,
      compacted: true,
      summarised: made.summarised,
      tokens_before: Math.round(made.mark.tokensBefore),
      tokens_after: Math.round(made.mark.tokensAfter),
      summary: summaryTexts(made.mark).join("\n\n"),
    };
  },
});
