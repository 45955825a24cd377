/** Conversations that come from elsewhere, as they cross the wire. */
import * as z from "zod";
import { messagePart, messageRole } from "./message.ts";

/** Programs whose conversations are taken in; `aleph` is a session that was exported as JSON lines. */
export const IMPORT_SOURCES = ["aleph", "openclaw", "claude-code", "chatgpt"] as const;
export type ImportSource = (typeof IMPORT_SOURCES)[number];

export const importedMessage = z.strictObject({
  /** Names it in its conversation, each time that it is read. */
  entry: z.string().min(1).max(200),
  role: messageRole,
  parts: z.array(messagePart).max(10_000),
  status: z.enum(["complete", "interrupted", "failed"]),
  model: z.string().max(200).nullable(),
  ts: z.int().min(0),
});
export type ImportedMessage = z.output<typeof importedMessage>;

export const importedConversation = z.strictObject({
  /** Names it at its source, each time that it is read. */
  id: z.string().min(1).max(500),
  title: z.string().max(200).nullable(),
  created_at: z.int().min(0),
  messages: z.array(importedMessage).max(5000),
});
export type ImportedConversation = z.output<typeof importedConversation>;
