/** Forgets a fact for good. */
import * as z from "zod";
import type { MemoryShelf } from "../../sdk/memory.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./memory-forget.md" with { type: "text" };

interface Needs {
  readonly memory: MemoryShelf;
}

export const memoryForget = defineTool({
  name: "memory_forget",
  description,
  params: z.strictObject({ fact_id: z.string().regex(/^fact_[0-9a-f]+$/, "must be the id of a fact") }),
  parallel: false,
  ownerOnly: true,
  prepare({ memory }: Needs, { fact_id }, { agent, identity, tainted }) {
    const plan = { fact_id };
    const run = async () => {
      const { content } = await memory.forget(agent, identity, fact_id);
      return { ok: true, text: `Forgotten: ${content}` };
    };
    if (!memory.mayUse(identity)) {
      return { tier: "deny", reason: "There is no memory for this conversation", plan, run };
    }
    // What is forgotten is gone: nothing that a stranger wrote brings it about unasked.
    return tainted
      ? { tier: "ask", reason: "Forgets a fact while content from outside is in the conversation", plan, run }
      : { tier: "allow", reason: "Forgets a fact of the user", plan, run };
  },
});
