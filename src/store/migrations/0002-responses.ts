/** Answers of `/v1/responses` that are kept for later: by id, and for the next request of a conversation. */

export const responses = `
CREATE TABLE response (
  id TEXT PRIMARY KEY,
  identity TEXT NOT NULL,
  previous_id TEXT,
  /* The provider that keeps it as well, when it was handed on as it was. */
  provider TEXT,
  /* The answer and the items of its request, as JSON. */
  body TEXT NOT NULL,
  input TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX response_age ON response (created_at);

/* Items of an answer, which later requests may name instead of repeating them. */
CREATE TABLE response_item (
  id TEXT PRIMARY KEY,
  response_id TEXT NOT NULL REFERENCES response (id) ON DELETE CASCADE,
  item TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX response_item_owner ON response_item (response_id);
`;
