/** Searches what was said in all conversations. */
import * as z from "zod";
import type { SessionReader } from "../../sdk/session-reader.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./session-search.md" with { type: "text" };

interface Needs {
  readonly conversations: SessionReader;
}

/** Characters shown of each message, around what was found. */
const SHOWN = 400;

export const sessionSearch = defineTool({
  name: "session_search",
  description,
  params: z.strictObject({
    query: z.string().min(2).max(200).describe("text that a message contains, letter case ignored"),
    limit: z.int().min(1).max(50).optional(),
  }),
  parallel: true,
  ownerOnly: true,
  prepare({ conversations }: Needs, { query, limit = 20 }, { identity, sessionKey }) {
    return {
      ...conversations.mayRead(identity, sessionKey),
      plan: { query, limit },
      async run() {
        const { found, untrusted } = conversations.search(sessionKey, query, limit);
        if (found.length === 0) return { ok: true, text: "No message contains it" };
        const lines = found.map(({ key, id, role, ts, content }) => {
          const at = new Date(ts).toISOString().slice(0, 16).replace("T", " ");
          return `${key} [${id}] ${at} ${role}:\n${around(content, query)}`;
        });
        return { ok: true, text: lines.join("\n\n"), ...(untrusted ? { untrusted } : {}) };
      },
    };
  },
});

function around(content: string, query: string): string {
  const at = Math.max(0, content.toLowerCase().indexOf(query.toLowerCase()));
  const from = Math.max(0, at - SHOWN / 2);
  const piece = content.slice(from, from + SHOWN).toWellFormed();
  return `${from > 0 ? "…" : ""}${piece}${from + SHOWN < content.length ? "…" : ""}`;
}
