/** Searches the facts that are remembered. */
import * as z from "zod";
import type { MemoryShelf } from "../../sdk/memory.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./memory-search.md" with { type: "text" };

interface Needs {
  readonly memory: MemoryShelf;
}

export const memorySearch = defineTool({
  name: "memory_search",
  description,
  params: z.strictObject({
    query: z.string().min(1).max(2000).describe("words or a question"),
    limit: z.int().min(1).max(50).optional(),
  }),
  parallel: true,
  ownerOnly: true,
  prepare({ memory }: Needs, { query, limit = 10 }, { agent, identity, signal }) {
    const allowed = memory.mayUse(identity);
    return {
      tier: allowed ? "allow" : "deny",
      reason: allowed ? "Reads what is remembered of the user" : "There is no memory for this conversation",
      plan: { query, limit },
      async run() {
        const { facts } = await memory.search(agent, identity, { query, limit }, signal);
        if (facts.length === 0) return { ok: true, text: "Nothing is remembered of it" };
        const lines = facts.map(({ fact_id, content, updated_at, trusted }) => {
          const day = new Date(updated_at).toISOString().slice(0, 10);
          return `[${fact_id}] ${day}${trusted ? "" : " (from outside, not checked)"}: ${content}`;
        });
        const untrusted = facts.some(({ trusted }) => !trusted);
        return { ok: true, text: lines.join("\n"), ...(untrusted ? { untrusted } : {}) };
      },
    };
  },
});
