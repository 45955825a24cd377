/** A whole session as one text. */
import type { Database } from "bun:sqlite";
import type { MessagePart } from "../protocol/message.ts";
import { type PlacedMessage, readHistory } from "./messages.ts";
import type { Session } from "./sessions.ts";

export const EXPORT_FORMATS = ["markdown", "html", "jsonl"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const PAGE = 500;

/** Lets others have their turn between pages: a long session must not hold up the rest. */
export async function exportSession(db: Database, session: Session, format: ExportFormat): Promise<string> {
  const pages: PlacedMessage[][] = [];
  for (let before: string | undefined; ; ) {
    const { messages, next } = readHistory(db, session.id, { limit: PAGE, before });
    pages.push([...messages]);
    if (next === undefined) break;
    before = next;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const messages = pages.reverse().flat();
  if (format === "jsonl") return messages.map(({ position: _, ...message }) => `${JSON.stringify(message)}\n`).join("");
  if (format === "html") {
    const { exportHtml } = await import("./export-html.ts");
    return exportHtml({ key: session.key, title: session.title, messages });
  }
  return [`# ${session.title ?? session.key}`, ...messages.map(toMarkdown)].join("\n\n").concat("\n");
}

function toMarkdown({ role, parts, status, ts, model }: PlacedMessage): string {
  const head = `## ${role}${model ? ` (${model})` : ""} · ${new Date(ts).toISOString()}${status === "complete" ? "" : ` · ${status}`}`;
  return [head, ...parts.map(partToMarkdown)].join("\n\n");
}

function partToMarkdown(part: MessagePart): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "thinking":
      return `> ${part.text.replaceAll("\n", "\n> ")}`;
    case "media":
      return `[${part.name ?? part.media_id}, ${part.mime}]`;
    case "tool_call":
      return `\`${part.tool}\`\n\n${fenced(JSON.stringify(part.args, null, 2), "json")}`;
    case "tool_result":
      return `\`${part.tool}\` ${part.status}\n\n${fenced(part.text, "")}`;
  }
}

/** A fence longer than any inside. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
