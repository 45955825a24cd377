/** Whether others than the owner have a say in a conversation: people whom the owner let in, alone or in a group. */
import type { Database } from "bun:sqlite";

export function hasOthers(db: Database, sessionId: number): boolean {
  const row = db
    .query<{ found: number }, [number]>(
      // Sessions of the owner's own are not looked through: nobody else reaches them, but by a subagent of his.
      `SELECT 1 AS found FROM session JOIN run ON run.session_id = session.id
       WHERE session.id = ? AND (kind <> 'owner' OR key GLOB 'subagent:*')
         AND request ->> '$.grant.identity.kind' NOT IN ('owner', 'device') LIMIT 1`,
    )
    .get(sessionId);
  return row !== null;
}
