/** Approvals know their call and what "always" would mean; what a session was granted ends with it. */

export const approvalGrants = `
ALTER TABLE approval ADD COLUMN call_id TEXT;
/* What "always" allows, JSON; 'null' where it is not offered; NULL: exactly the plan. */
ALTER TABLE approval ADD COLUMN pattern TEXT;
/* SHA-256 of it with the tool and for whom; NULL where the plan's own digest counts. */
ALTER TABLE approval ADD COLUMN pattern_digest TEXT;
CREATE TRIGGER approval_grant_session AFTER DELETE ON session BEGIN
  DELETE FROM approval_grant WHERE session_key = OLD.key;
END;
`;
