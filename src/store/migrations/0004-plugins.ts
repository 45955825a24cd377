/** What the owner decided about plugins, what they tried and might not, and what is remembered of their files. */

export const plugins = `
CREATE TABLE plugin (
  id TEXT PRIMARY KEY,
  /* Real path. What was approved there is not approved elsewhere. */
  folder TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  /* In development changed files need no approval; wider permissions do. */
  development INTEGER NOT NULL DEFAULT 0 CHECK (development IN (0, 1)),
  installed_from TEXT,
  /* Of the content that was approved last; it and what follows is null when nothing was. */
  sha256 TEXT,
  version TEXT,
  /* The manifest and what it may do; JSON. */
  manifest TEXT,
  permissions TEXT,
  approved_at INTEGER,
  approved_by TEXT
) STRICT, WITHOUT ROWID;

/* So that a start parses no manifest and reads no file that did not change. */
CREATE TABLE plugin_cache (
  folder TEXT PRIMARY KEY,
  manifest_stamp TEXT NOT NULL,
  manifest TEXT NOT NULL,
  content_stamp TEXT NOT NULL,
  sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;

/* Attempts at what is not allowed, counted by target; the newest ones of each plugin. */
CREATE TABLE plugin_denial (
  plugin_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  count INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (plugin_id, kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX plugin_denial_age ON plugin_denial (plugin_id, last_at);

/* Folders of plugins that a person trusts although no config names them. */
CREATE TABLE trusted_folder (
  path TEXT PRIMARY KEY,
  trusted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
