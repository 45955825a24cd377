/** Invites of guests: of each only its hash is kept. */

export const invites = `
CREATE TABLE auth_invite (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  /* JSON. */
  tools TEXT NOT NULL,
  /* What may be used up in all. */
  tokens INTEGER,
  cost_usd REAL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  /* When somebody came with it: nobody else can. */
  used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX auth_session_credential ON auth_session (credential);
CREATE INDEX usage_identity ON usage (identity);
`;
