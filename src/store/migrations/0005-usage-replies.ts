/** Replies of the same kind within a moment share a row. */

export const usageReplies = `
ALTER TABLE usage ADD COLUMN replies INTEGER NOT NULL DEFAULT 1;
`;
