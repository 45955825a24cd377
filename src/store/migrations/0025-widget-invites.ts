/** Invites for pages: each lets in more than one visitor, from the origins that it names. */

export const widgetInvites = `
/* JSON; null: the invite is for one person, once. */
ALTER TABLE auth_invite ADD COLUMN origins TEXT;
/* How many visits it opens at most; null is no limit. */
ALTER TABLE auth_invite ADD COLUMN uses INTEGER;
/* How many it has opened. */
ALTER TABLE auth_invite ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
/* Of a page's: it stays until its time is over, so that the page can be told why it lets nobody in. */
ALTER TABLE auth_invite ADD COLUMN revoked_at INTEGER;
`;
