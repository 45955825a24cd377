/** Reads what was said in a conversation. */
import * as z from "zod";
import type { SessionReader } from "../../sdk/session-reader.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./session-history.md" with { type: "text" };

interface Needs {
  readonly conversations: SessionReader;
}

export const sessionHistory = defineTool({
  name: "session_history",
  description,
  params: z.strictObject({
    session_key: z.string().min(1).optional().describe("this conversation if left out"),
    limit: z.int().min(1).max(200).optional().describe("how many messages"),
    before: z.string().regex(/^\d+$/).optional().describe("only what stands before the message with this number"),
  }),
  parallel: true,
  ownerOnly: true,
  prepare({ conversations }: Needs, { session_key, limit = 30, before }, { identity, sessionKey }) {
    const key = session_key ?? sessionKey;
    return {
      ...conversations.mayRead(identity, sessionKey),
      plan: { session_key: key, limit, ...(before === undefined ? {} : { before }) },
      async run() {
        const { messages, next, untrusted } = conversations.history(sessionKey, key, { limit, before });
        const lines = messages.map(({ id, role, ts, content }) => {
          const at = new Date(ts).toISOString().slice(0, 16).replace("T", " ");
          return `[${id}] ${at} ${role}:\n${content}`;
        });
        if (next !== undefined) lines.unshift(`[more stands before; go on with before "${next}"]`);
        const text = messages.length === 0 ? "Nothing was said there" : lines.join("\n\n");
        return { ok: true, text, ...(untrusted ? { untrusted } : {}) };
      },
    };
  },
});
