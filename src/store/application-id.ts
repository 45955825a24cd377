/** "Alph" in the file's header (PRAGMA application_id): tells our database from any other. */
export const APPLICATION_ID = 0x416c7068;
