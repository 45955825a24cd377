/** How far the messages of each account of iMessage were read. */

export const imessage = `
CREATE TABLE imessage_mark (
  /* The address of a BlueBubbles server, or "messages" for the app of this Mac. */
  account TEXT PRIMARY KEY,
  /* The number of the last message's row in the database of that Mac. */
  mark INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
