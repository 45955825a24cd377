/** What was taken in from other programs, so that the same message is taken in once. */

export const imports = `
CREATE TABLE imported (
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  /* The message's name at its source. */
  entry TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  /* SHA-256 of what it said: a message that has grown since is written anew. */
  digest TEXT NOT NULL,
  PRIMARY KEY (session_id, entry)
) STRICT, WITHOUT ROWID;
`;
