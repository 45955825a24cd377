/** What places where people chat bring and get: who may write, what came, what is to go out. */

export const channels = `
CREATE TABLE channel_peer (
  channel TEXT NOT NULL,
  /* As the place names him. */
  id TEXT NOT NULL,
  name TEXT,
  /* JSON. */
  scopes TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (channel, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_stranger (
  channel TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT,
  /* NULL: he was refused. */
  code TEXT,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (channel, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_inbox (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  /* As the place names it. */
  message_id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  session_key TEXT NOT NULL,
  /* JSON: all that it takes to start the run; NULL once there is one. */
  request TEXT,
  run_id TEXT,
  /* JSON: the place's ids of the messages that show the answer while it grows. */
  shown TEXT NOT NULL DEFAULT '[]',
  answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
  received_at INTEGER NOT NULL,
  UNIQUE (channel, message_id)
) STRICT;
CREATE INDEX channel_inbox_open ON channel_inbox (channel) WHERE answered = 0;
CREATE INDEX channel_inbox_run ON channel_inbox (run_id) WHERE answered = 0;
CREATE INDEX channel_inbox_age ON channel_inbox (received_at);

CREATE TABLE channel_outbox (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  conversation TEXT NOT NULL,
  text TEXT NOT NULL,
  /* JSON: buttons, and the message that is answered or replaced. */
  extras TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  /* Why the place will never take it. */
  failure TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_outbox_waiting ON channel_outbox (channel, conversation, id) WHERE failure IS NULL;
`;
