/** Where a session's context begins for the model: behind a summary, or anew. The messages themselves stay. */

export const contextMarks = `
CREATE TABLE context_mark (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('clear', 'compaction')),
  /* Messages up to this place are not given to the model any more. */
  upto INTEGER NOT NULL,
  /* Long results of tools up to this place are named by a handle instead of shown. */
  dropped INTEGER NOT NULL DEFAULT 0,
  /* What stands in their place, from the person's own words and what no stranger can have written. */
  summary TEXT NOT NULL DEFAULT '',
  /* The same where a stranger may have written something of it; NULL when none may. */
  outside TEXT,
  model TEXT,
  tokens_before INTEGER NOT NULL DEFAULT 0,
  tokens_after INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX context_mark_session ON context_mark (session_id, id);
INSERT INTO context_mark (session_id, kind, upto, created_at)
  SELECT id, 'clear', cleared_at, updated_at FROM session WHERE cleared_at > 0;
`;
