import * as z from "zod";
import type { Memory } from "../../memory/memory.ts";
import { agentName, metadata, toldFact } from "../../protocol/memory.ts";
import { defineMethod } from "../../sdk/method.ts";

export const memoryStore = defineMethod({
  name: "memory.store",
  summary: "Remember a fact; one that says the same is kept once, and an older one on the same subject gives way",
  scope: "write",
  params: z.strictObject({
    content: z.string().min(1).max(4000),
    metadata: metadata.optional(),
    agent: agentName,
    subject: z.string().max(200).optional().describe("where only one fact can be true of it"),
    replaces: z.string().optional().describe("fact_id of the fact whose place it takes"),
    confidence: z.number().min(0).max(1).optional(),
    expires_at: z.int().positive().optional(),
  }),
  result: z.object({
    fact_id: z.string(),
    duplicate: z.boolean(),
    retired: z.array(toldFact),
    conflicts: z.array(toldFact),
  }),
  async handle({ memory }: { memory: () => Promise<Pick<Memory, "store">> }, params, { grant }) {
    const { agent, expires_at: expiresAt, ...fact } = params;
    const stored = { ...fact, expiresAt, source: "person" as const, trusted: true };
    const { retired, conflicts, ...rest } = await (await memory()).store(agent, grant!.identity, stored);
    return { ...rest, retired: [...retired], conflicts: [...conflicts] };
  },
});
