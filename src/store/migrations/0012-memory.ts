/** Facts with their index and vectors, and the index over all that was said. */

export const memory = `
CREATE TABLE fact (
  /* Never used again: vectors that are in memory know facts by it. */
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fact_id TEXT NOT NULL UNIQUE,
  /* Whose it is: an agent's, and of its user. */
  agent TEXT NOT NULL,
  owner TEXT NOT NULL,
  content TEXT NOT NULL,
  /* SHA-256 of its words: the same fact is kept once. */
  digest TEXT NOT NULL,
  /* What it is about, where only one fact can be true of it. */
  subject TEXT,
  metadata TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('person', 'agent', 'run', 'file')),
  /* 0: a stranger may have had a hand in it. */
  trusted INTEGER NOT NULL CHECK (trusted IN (0, 1)),
  confidence REAL NOT NULL,
  run_id TEXT,
  session_key TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  retired_at INTEGER,
  retired_by TEXT
) STRICT;
CREATE INDEX fact_digest ON fact (agent, owner, digest) WHERE retired_at IS NULL;
CREATE INDEX fact_subject ON fact (agent, owner, subject) WHERE retired_at IS NULL AND subject IS NOT NULL;
CREATE INDEX fact_place ON fact (agent, owner, updated_at, id);
CREATE INDEX fact_expiry ON fact (expires_at) WHERE expires_at IS NOT NULL AND retired_at IS NULL;

/* Facts that are not retired. */
CREATE VIRTUAL TABLE fact_text USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE fact_term USING fts5vocab (fact_text, 'row');

CREATE TABLE fact_vector (
  /* Grows: what came since is found by it. */
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fact INTEGER NOT NULL UNIQUE REFERENCES fact (id) ON DELETE CASCADE,
  /* provider/model that made it: vectors of different models cannot be compared. */
  model TEXT NOT NULL,
  /* Of length 1, each dimension as a byte from -127 to 127. */
  vector BLOB NOT NULL
) STRICT;

/* What MEMORY.md of an agent said when it was last read or written. */
CREATE TABLE memory_file (
  agent TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

/* How far each session was looked through for facts. */
CREATE TABLE memory_extracted (
  session_id INTEGER PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
  message_id INTEGER NOT NULL,
  /* Something that a stranger may have written was in it. */
  tainted INTEGER NOT NULL CHECK (tainted IN (0, 1))
) STRICT;

/* What people and the model said. */
CREATE VIRTUAL TABLE message_text USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE message_term USING fts5vocab (message_text, 'row');
/* Messages that are not in it as they are now. */
CREATE TABLE message_unindexed (message_id INTEGER PRIMARY KEY) STRICT;
/* Those with smaller ids are from before there was an index, and still wait. */
CREATE TABLE message_index (one INTEGER PRIMARY KEY CHECK (one = 1), before INTEGER NOT NULL) STRICT;
INSERT INTO message_index SELECT 1, coalesce(max(id), 0) + 1 FROM message;

CREATE TRIGGER message_said AFTER INSERT ON message
WHEN new.role IN ('user', 'assistant') AND (SELECT kind FROM session WHERE id = new.session_id) <> 'guest'
BEGIN
  INSERT OR IGNORE INTO message_unindexed VALUES (new.id);
END;
CREATE TRIGGER message_changed AFTER UPDATE OF content ON message
WHEN new.content <> old.content AND new.role IN ('user', 'assistant')
  AND (SELECT kind FROM session WHERE id = new.session_id) <> 'guest'
BEGIN
  INSERT OR IGNORE INTO message_unindexed VALUES (new.id);
END;
CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN
  DELETE FROM message_unindexed WHERE message_id = old.id;
  DELETE FROM message_text WHERE rowid = old.id;
END;
`;
