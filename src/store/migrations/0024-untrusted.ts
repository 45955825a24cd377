/** Which messages hold what a stranger may have written is asked at the end of each run: it must not read the whole session. */

export const untrusted = `
CREATE INDEX message_untrusted ON message (session_id, id) WHERE instr(parts, '"untrusted":true') > 0;
`;
