import * as z from "zod";
import type { Memory } from "../../memory/memory.ts";
import { agentName, fact } from "../../protocol/memory.ts";
import { defineMethod } from "../../sdk/method.ts";

export const memoryGet = defineMethod({
  name: "memory.get",
  summary: "One fact, also when another one has taken its place",
  scope: "read",
  params: z.strictObject({ fact_id: z.string(), agent: agentName }),
  result: fact,
  async handle({ memory }: { memory: () => Promise<Pick<Memory, "get">> }, { agent, fact_id }, { grant }) {
    return (await memory()).get(agent, grant!.identity, fact_id);
  },
});
