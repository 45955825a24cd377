/** What each reply of a model took, and media that is being generated. */

export const usage = `
CREATE TABLE usage (
  id INTEGER PRIMARY KEY,
  ts INTEGER NOT NULL,
  /* The day in the time zone of the machine, then: 2026-07-31. */
  day TEXT NOT NULL,
  identity TEXT NOT NULL,
  /* By what it came in: names a token or a login and tells nothing of it. */
  credential TEXT,
  /* Where it came in: agent, or the path of a route. */
  route TEXT NOT NULL,
  /* Both are null where nothing of the session may be kept. */
  session_key TEXT,
  run_id TEXT,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  input INTEGER NOT NULL,
  output INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  /* Null when the price of the model is not known. */
  cost_usd REAL,
  ms INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_ts ON usage (ts);
CREATE INDEX usage_session ON usage (session_key, ts) WHERE session_key IS NOT NULL;
CREATE INDEX usage_run ON usage (run_id) WHERE run_id IS NOT NULL;

/* Jobs at providers that take longer than an answer can wait. */
CREATE TABLE generation (
  id TEXT PRIMARY KEY,
  identity TEXT NOT NULL,
  session_key TEXT,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  /* The provider's name of it; null until the provider has taken it. */
  job TEXT,
  status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'done', 'failed')),
  /* From 0 to 1, where the provider tells. */
  progress REAL,
  /* Media parts; JSON. */
  media TEXT,
  /* Reason and message; JSON. */
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX generation_open ON generation (status) WHERE status IN ('starting', 'running');
`;
