import * as z from "zod";
import type { Memory } from "../../memory/memory.ts";
import { agentName } from "../../protocol/memory.ts";
import { defineMethod } from "../../sdk/method.ts";

export const memoryStats = defineMethod({
  name: "memory.stats",
  summary: "How many facts there are, and how they are found",
  scope: "read",
  params: z.strictObject({ agent: agentName }),
  result: z.object({
    facts: z.number(),
    retired: z.number(),
    untrusted: z.number(),
    vectors: z.number(),
    embedding_model: z.string().nullable(),
  }),
  async handle({ memory }: { memory: () => Promise<Pick<Memory, "stats">> }, { agent }, { grant }) {
    return (await memory()).stats(agent, grant!.identity);
  },
});
