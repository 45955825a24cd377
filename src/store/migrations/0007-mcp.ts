/** What servers of the Model Context Protocol said of their tools when they were first seen or last approved. */

export const mcpPins = `
CREATE TABLE mcp_pin (
  server TEXT PRIMARY KEY,
  /* Of the tools, in their canonical form. */
  sha256 TEXT NOT NULL,
  /* JSON. */
  tools TEXT NOT NULL,
  pinned_at INTEGER NOT NULL,
  /* Null when it was pinned because nobody had seen the server before. */
  approved_by TEXT,
  /* What it says now, when that is something else; null when nothing waits. */
  pending_sha256 TEXT,
  pending_tools TEXT,
  pending_at INTEGER
) STRICT, WITHOUT ROWID;
`;
