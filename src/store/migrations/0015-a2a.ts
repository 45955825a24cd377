/** Tasks of other agents: each is a run, with who asked for it and whom to tell of it. */

export const a2a = `
CREATE TABLE a2a_task (
  run_id TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
  /* Nobody else reaches it. */
  identity TEXT NOT NULL,
  context_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX a2a_task_identity ON a2a_task (identity, created_at);
CREATE TABLE a2a_message (
  identity TEXT NOT NULL,
  /* As its sender named it, and of what it says: the same one again starts nothing. */
  message_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES a2a_task (run_id) ON DELETE CASCADE,
  /* Where it stands in the session. */
  message INTEGER NOT NULL,
  PRIMARY KEY (identity, message_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX a2a_message_run ON a2a_message (run_id);
CREATE TABLE a2a_push (
  run_id TEXT NOT NULL REFERENCES a2a_task (run_id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  token TEXT NOT NULL,
  scheme TEXT NOT NULL,
  credentials TEXT NOT NULL,
  /* The protocol's version that it was asked for in. */
  version TEXT NOT NULL,
  /* The last state that it was told of, and whether that is the end. */
  told INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
  PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX a2a_push_open ON a2a_push (run_id) WHERE done = 0;
`;
