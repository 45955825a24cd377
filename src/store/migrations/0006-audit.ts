/** What was decided and done, each row chained to the one before it. */

export const audit = `
CREATE TABLE audit (
  /* Without a gap: a missing number is a missing row. */
  seq INTEGER PRIMARY KEY,
  ts INTEGER NOT NULL,
  kind TEXT NOT NULL,
  identity TEXT,
  /* This and the next are null where nothing of the session may be kept. */
  session_key TEXT,
  run_id TEXT,
  call_id TEXT,
  tool TEXT,
  /* What else there is to say; canonical JSON. */
  detail TEXT NOT NULL,
  /* HMAC-SHA-256 over the row and the mac of the row before it, with a key that is not in the database. */
  mac TEXT NOT NULL
) STRICT;
CREATE INDEX audit_session ON audit (session_key, seq) WHERE session_key IS NOT NULL;
/* The newest row, so that rows missing at the end are found too. */
CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  mac TEXT NOT NULL
) STRICT;
`;
