/** Sessions, messages, runs, events, approvals and logins. */

export const conversations = `
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('owner', 'guest', 'paired')),
  agent TEXT NOT NULL,
  title TEXT,
  model TEXT,
  thinking TEXT,
  tools TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  /* Messages up to this position are not given to the model any more (session.clear). */
  cleared_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_updated ON session (updated_at DESC);

CREATE TABLE run (
  id TEXT PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'interrupted')),
  identity TEXT NOT NULL,
  /* What was asked: model, thinking, and the grant that it runs under; JSON. */
  request TEXT NOT NULL,
  model TEXT,
  text TEXT,
  usage TEXT,
  error TEXT,
  steps INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER
) STRICT;
CREATE INDEX run_session ON run (session_id, created_at);
CREATE INDEX run_open ON run (status) WHERE status IN ('queued', 'running');

CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
  /* Place in the conversation: the id at first, moved to the end when a queued message's run starts. */
  position INTEGER NOT NULL DEFAULT 0,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'tool', 'system')),
  content TEXT NOT NULL,
  parts TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'interrupted', 'failed')),
  model TEXT,
  ts INTEGER NOT NULL
) STRICT;
CREATE INDEX message_place ON message (session_id, position, id);
CREATE INDEX message_run ON message (run_id);

CREATE TABLE idempotency (
  identity TEXT NOT NULL,
  key TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  /* SHA-256 of what was asked: the same key with another question is a conflict. */
  digest TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (identity, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

/* Small state that a tool keeps for a session, such as its list of tasks. */
CREATE TABLE session_state (
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (session_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  ts INTEGER NOT NULL,
  topic TEXT NOT NULL,
  session_key TEXT,
  run_id TEXT,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX event_run ON event (run_id, seq) WHERE run_id IS NOT NULL;

CREATE TABLE approval (
  id TEXT PRIMARY KEY,
  tool TEXT NOT NULL,
  plan TEXT NOT NULL,
  /* SHA-256 of the canonical plan, session and identity: what was shown is what is allowed. */
  digest TEXT NOT NULL,
  reason TEXT NOT NULL,
  run_id TEXT,
  session_key TEXT,
  identity TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
  decision TEXT,
  decided_by TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at INTEGER
) STRICT;
CREATE INDEX approval_status ON approval (status, created_at);

/* Granted for the rest of a session ('session') or for ever ('always'); exact plans by digest. */
CREATE TABLE approval_grant (
  digest TEXT NOT NULL,
  session_key TEXT NOT NULL,
  approval_id TEXT NOT NULL REFERENCES approval (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (digest, session_key)
) STRICT, WITHOUT ROWID;

/* Logins and handshakes: only the SHA-256 of a secret is kept. */
CREATE TABLE auth_session (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('panel', 'connect')),
  /* Of a panel login: the hash of its cookie, which must come with the key. */
  cookie_hash TEXT,
  identity TEXT NOT NULL,
  /* The credential that it came from; revoking that ends it. */
  credential TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX auth_session_cookie ON auth_session (cookie_hash) WHERE cookie_hash IS NOT NULL;
`;
