/** What nodes said of themselves, and the calls that were sent to them, with how each ended. */

export const nodes = `
CREATE TABLE node (
  /* The device that it is. */
  id TEXT PRIMARY KEY,
  /* JSON: name, tags, commands. */
  hello TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE node_call (
  id TEXT PRIMARY KEY,
  node_id TEXT NOT NULL,
  /* The process of the node that it was sent to. */
  boot_id TEXT NOT NULL,
  command TEXT NOT NULL,
  session_key TEXT,
  started_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  ended_at INTEGER,
  /* NULL while it runs. */
  outcome TEXT CHECK (outcome IN ('done', 'failed', 'unknown')),
  reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX node_call_by_node ON node_call (node_id, started_at);
CREATE INDEX node_call_open ON node_call (started_at) WHERE outcome IS NULL;
`;
