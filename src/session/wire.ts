/** A session as the wire shows it. */
import type { WireSession } from "../protocol/session.ts";
import type { Session } from "./sessions.ts";

/** What runs in a session and what waits. */
export interface SessionLoad {
  of(sessionKey: string): { readonly active: string | null; readonly queued: readonly string[] };
}

export function toWireSession(session: Session, load: SessionLoad): WireSession {
  const { active, queued } = load.of(session.key);
  return {
    session_key: session.key,
    kind: session.kind,
    agent: session.agent,
    title: session.title,
    model: session.model,
    thinking: session.thinking,
    tools: session.tools
      ? {
          ...(session.tools.allow ? { allow: [...session.tools.allow] } : {}),
          ...(session.tools.deny ? { deny: [...session.tools.deny] } : {}),
        }
      : null,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
    active_run: active,
    queued_runs: queued.length,
  };
}
