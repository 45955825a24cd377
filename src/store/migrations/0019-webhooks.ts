/** Deliveries that webhooks brought, answers that they wait for, and events that are to go out. */

export const webhooks = `
CREATE TABLE webhook_delivery (
  hook TEXT NOT NULL,
  /* Its id, or what was signed. */
  key TEXT NOT NULL,
  run_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (hook, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_delivery_age ON webhook_delivery (hook, received_at);

CREATE TABLE webhook_answer (
  run_id TEXT PRIMARY KEY,
  hook TEXT NOT NULL,
  channel TEXT NOT NULL,
  conversation TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_outbox (
  id INTEGER PRIMARY KEY,
  hook TEXT NOT NULL,
  /* The same at each attempt. */
  delivery TEXT NOT NULL,
  topic TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  /* Why the last attempt failed. */
  failure TEXT,
  /* 1: given up. */
  dead INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_outbox_waiting ON webhook_outbox (hook, dead, id);
`;
