/** Tokens with a name, and the devices that were let in: of a token only its hash is kept, of a device its public key. */

export const identities = `
CREATE TABLE auth_token (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  /* JSON. */
  scopes TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE auth_device (
  /* SHA-256 of the raw public key, in hex. */
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('operator', 'node')),
  /* JSON. */
  scopes TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER
) STRICT, WITHOUT ROWID;
`;
