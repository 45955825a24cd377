/** Where the bot's connection to Discord stands, so that a new process goes on where the last one was. */

export const discord = `
CREATE TABLE discord_session (
  /* The bot's own id: two connections of one bot take each other's place. */
  bot TEXT PRIMARY KEY,
  /* JSON: what the gateway takes to resume. */
  session TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
