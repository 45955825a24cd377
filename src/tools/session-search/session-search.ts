/** Searches what was said in all conversations. */
import * as z from "zod";
import type { SessionReader } from "../../sdk/session-reader.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./session-search.md" with { type: "text" };

interface Needs {
  readonly conversations: SessionReader;
}

export const sessionSearch = defineTool({
  name: "session_search",
  description,
  params: z.strictObject({
    query: z.string().min(2).max(200).describe("words that a message has, in any order"),
    limit: z.int().min(1).max(50).optional(),
  }),
  parallel: true,
  ownerOnly: true,
  prepare({ conversations }: Needs, { query, limit = 20 }, { identity, sessionKey }) {
    return {
      ...conversations.mayRead(identity, sessionKey),
      plan: { query, limit },
      async run() {
        const { found, untrusted, left } = await conversations.search(query, limit);
        const rest = left > 0 ? [`[${left} messages are not searched yet; try again later]`] : [];
        if (found.length === 0) return { ok: true, text: ["No message contains it", ...rest].join("\n") };
        const lines = found.map(({ key, id, role, ts, content }) => {
          const at = new Date(ts).toISOString().slice(0, 16).replace("T", " ");
          return `${key} [${id}] ${at} ${role}:\n${content}`;
        });
        return { ok: true, text: [...lines, ...rest].join("\n\n"), ...(untrusted ? { untrusted } : {}) };
      },
    };
  },
});
