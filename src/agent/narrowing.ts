/** Fewer tools than the agent has: what was taken away in a run, by a skill or by whoever started it, stays away. */
import type { Database } from "bun:sqlite";
import type { MessagePart } from "../protocol/message.ts";
import { readRunMessages } from "../session/messages.ts";
import type { SessionTools } from "../session/sessions.ts";

/** What both allow. */
export function narrowed(tools: SessionTools | null, allow: readonly string[] | undefined): SessionTools | null {
  if (allow === undefined) return tools;
  const kept = tools?.allow === undefined ? allow : tools.allow.filter((name) => allow.includes(name));
  return { ...tools, allow: kept };
}

/** The tools of a session as far as what came in the run leaves them. */
export function narrowedBy(tools: SessionTools | null, parts: readonly MessagePart[]): SessionTools | null {
  return parts.reduce((left, part) => (part.type === "tool_result" ? narrowed(left, part.narrows) : left), tools);
}

/** As `narrowedBy`, of all that the run has so far on disk. */
export function toolsInRun(db: Database, runId: string, tools: SessionTools | null): SessionTools | null {
  return narrowedBy(
    tools,
    readRunMessages(db, runId).flatMap(({ parts }) => parts),
  );
}
