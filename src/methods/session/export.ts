import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import { EXPORT_FORMATS, exportSession } from "../../session/export.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { Stores } from "../../session/stores.ts";

export const sessionExport = defineMethod({
  name: "session.export",
  summary: "Export a whole session as Markdown, as one HTML file or as JSON lines",
  scope: "read",
  guest: { own: "session_key" },
  params: z.strictObject({ session_key: z.string(), format: z.enum(EXPORT_FORMATS).default("markdown") }),
  result: z.object({ session_key: z.string(), format: z.string(), content: z.string() }),
  async handle(
    { sessions, stores }: { sessions: Pick<Sessions, "get">; stores: Pick<Stores, "of"> },
    { session_key, format },
  ) {
    const session = sessions.get(session_key);
    return {
      session_key: session.key,
      format,
      content: await exportSession(stores.of(session.key).db, session, format),
    };
  },
});
