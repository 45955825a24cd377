import * as z from "zod";
import type { Memory } from "../../memory/memory.ts";
import { agentName, fact, metadata } from "../../protocol/memory.ts";
import { defineMethod } from "../../sdk/method.ts";

export const memorySearch = defineMethod({
  name: "memory.search",
  summary: "Search facts by words and, where a model makes vectors, by meaning; best first",
  scope: "read",
  params: z.strictObject({
    query: z.string().min(1).max(8000),
    limit: z.int().min(1).max(200).default(10),
    agent: agentName,
    filter: metadata.optional().describe("values of keys of the metadata"),
  }),
  result: z.object({
    facts: z.array(fact.extend({ score: z.number() })),
    mode: z.enum(["text", "hybrid"]),
  }),
  async handle({ memory }: { memory: () => Promise<Pick<Memory, "search">> }, { agent, ...query }, { grant, signal }) {
    const { facts, mode } = await (await memory()).search(agent, grant!.identity, query, signal);
    return { facts: [...facts], mode };
  },
});
