import * as z from "zod";
import { IMPORT_SOURCES, importedConversation } from "../../protocol/imported.ts";
import { defineMethod } from "../../sdk/method.ts";
import { type ImportDeps, importConversations } from "../../session/import.ts";

export const sessionImport = defineMethod({
  name: "session.import",
  summary: "Take in conversations from elsewhere, each message once",
  scope: "write",
  params: z.strictObject({
    source: z.enum(IMPORT_SOURCES),
    agent: z.string().min(1).max(64).default("main"),
    conversations: z.array(importedConversation).min(1).max(1000),
    dry_run: z.boolean().default(false).describe("only tell what would happen"),
  }),
  result: z.object({
    conversations: z.array(
      z.object({
        id: z.string(),
        session_key: z.string(),
        created: z.boolean(),
        imported: z.number().describe("messages that are new"),
        updated: z.number().describe("messages that have grown since they were taken in"),
        known: z.number().describe("messages that were taken in before"),
      }),
    ),
  }),
  async handle({ stores, sessions, bus }: ImportDeps, { source, agent, conversations, dry_run: dryRun }) {
    const outcomes = await importConversations({ stores, sessions, bus }, { source, agent, conversations, dryRun });
    return { conversations: outcomes.map((outcome) => ({ ...outcome })) };
  },
});
