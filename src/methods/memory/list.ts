import * as z from "zod";
import type { Memory } from "../../memory/memory.ts";
import { agentName, fact } from "../../protocol/memory.ts";
import { defineMethod } from "../../sdk/method.ts";

export const memoryList = defineMethod({
  name: "memory.list",
  summary: "List facts, the latest first",
  scope: "read",
  params: z.strictObject({
    agent: agentName,
    limit: z.int().min(1).max(1000).default(100),
    before: z.string().optional().describe("the next of the page before"),
    retired: z.boolean().default(false).describe("also those that others have taken the place of, and expired ones"),
  }),
  result: z.object({ facts: z.array(fact), next: z.string().optional() }),
  async handle({ memory }: { memory: () => Promise<Pick<Memory, "list">> }, { agent, limit, ...rest }, { grant }) {
    const facts = (await memory()).list(agent, grant!.identity, { limit, ...rest });
    return { facts: [...facts], ...(facts.length === limit ? { next: facts.at(-1)!.fact_id } : {}) };
  },
});
