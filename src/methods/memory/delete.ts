import * as z from "zod";
import type { Memory } from "../../memory/memory.ts";
import { agentName } from "../../protocol/memory.ts";
import { defineMethod } from "../../sdk/method.ts";

export const memoryDelete = defineMethod({
  name: "memory.delete",
  summary: "Forget a fact for good",
  scope: "write",
  params: z.strictObject({ fact_id: z.string(), agent: agentName }),
  result: z.object({ fact_id: z.string() }),
  async handle({ memory }: { memory: () => Promise<Pick<Memory, "forget">> }, { agent, fact_id }, { grant }) {
    await (await memory()).forget(agent, grant!.identity, fact_id);
    return { fact_id };
  },
});
