/** Lists the conversations. */
import * as z from "zod";
import type { SessionReader } from "../../sdk/session-reader.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./session-list.md" with { type: "text" };

interface Needs {
  readonly conversations: SessionReader;
}

export const sessionList = defineTool({
  name: "session_list",
  description,
  params: z.strictObject({
    filter: z.string().max(200).optional().describe("only keys and titles that contain this"),
    limit: z.int().min(1).max(100).optional(),
  }),
  parallel: true,
  ownerOnly: true,
  prepare({ conversations }: Needs, { filter = "", limit = 30 }, { identity, sessionKey }) {
    return {
      ...conversations.mayRead(identity, sessionKey),
      plan: { filter, limit },
      async run() {
        const { sessions, untrusted } = conversations.list(sessionKey, { filter, limit });
        const lines = sessions.map(({ key, title, updatedAt }) =>
          [key, new Date(updatedAt).toISOString().slice(0, 16).replace("T", " "), title ?? "[no title]"].join("\t"),
        );
        const text = lines.length === 0 ? "There is no such conversation" : lines.join("\n");
        return { ok: true, text, ...(untrusted ? { untrusted } : {}) };
      },
    };
  },
});
