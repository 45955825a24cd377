/** What the owner decided about skills. */

export const skills = `
CREATE TABLE skill (
  /* Real path. What was approved there is not approved elsewhere. */
  folder TEXT PRIMARY KEY,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  installed_from TEXT,
  /* Of the content that was approved last; it and what follows is null when nothing was. */
  sha256 TEXT,
  approved_at INTEGER,
  approved_by TEXT
) STRICT, WITHOUT ROWID;
`;
