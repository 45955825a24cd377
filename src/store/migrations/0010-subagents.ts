/** Which run started which. */

export const subagents = `
CREATE TABLE subagent (
  run_id TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
  /* Not a reference: its session may go first. */
  parent_run_id TEXT NOT NULL,
  parent_session_key TEXT NOT NULL,
  /* Nobody waits for it: its result comes as a message. */
  background INTEGER NOT NULL CHECK (background IN (0, 1)),
  /* The message is there, or nobody wants it. */
  delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX subagent_parent ON subagent (parent_run_id);
CREATE INDEX subagent_session ON subagent (parent_session_key);
CREATE INDEX subagent_open ON subagent (run_id) WHERE background = 1 AND delivered = 0;
`;
