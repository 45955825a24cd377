/** Remembers a fact. */
import * as z from "zod";
import { isEphemeral, parseSessionKey } from "../../protocol/session-key.ts";
import type { MemoryShelf } from "../../sdk/memory.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./memory-store.md" with { type: "text" };

interface Needs {
  readonly memory: MemoryShelf;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

export const memoryStore = defineTool({
  name: "memory_store",
  description,
  params: z.strictObject({
    content: z.string().min(1).max(4000).describe("the fact, in one sentence"),
    subject: z
      .string()
      .max(200)
      .optional()
      .describe('such as "home city", only where just one fact can be true of it: an older one gives way'),
    replaces: z.string().optional().describe("id of a fact that is not true any more"),
    expires_in_days: z.number().positive().max(36_500).optional().describe("only for what ends by itself"),
  }),
  parallel: false,
  ownerOnly: true,
  prepare({ memory, now }: Needs, { content, subject, replaces, expires_in_days: days }, context) {
    const { agent, identity, sessionKey, runId, tainted } = context;
    const plan = {
      content,
      ...(subject === undefined ? {} : { subject }),
      ...(replaces === undefined ? {} : { replaces }),
      ...(days === undefined ? {} : { expires_in_days: days }),
      ...(tainted ? { untrusted: true } : {}),
    };
    const refused = !memory.mayUse(identity)
      ? "There is no memory for this conversation"
      : isEphemeral(parseSessionKey(sessionKey))
        ? "Nothing of an ephemeral conversation is kept"
        : undefined;
    return {
      tier: refused === undefined ? "allow" : "deny",
      reason: refused ?? "Remembers a fact of the user",
      plan,
      async run() {
        const stored = await memory.store(agent, identity, {
          content,
          subject,
          replaces,
          source: "agent",
          trusted: !tainted,
          runId,
          sessionKey,
          ...(days === undefined ? {} : { expiresAt: now() + days * DAY_MS }),
        });
        const lines = [
          `${stored.duplicate ? "Known already" : "Remembered"}: ${stored.fact_id}`,
          ...(tainted ? ["Marked as from outside, because content from outside is in this conversation"] : []),
          ...stored.retired.map((fact) => `Takes the place of ${fact.fact_id}: ${fact.content}`),
          ...stored.conflicts.map((fact) => `Contradicts ${fact.fact_id}, which stays: ${fact.content}`),
        ];
        return { ok: true, text: lines.join("\n") };
      },
    };
  },
});
