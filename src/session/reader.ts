/** Reads conversations for tools: what was said, without what tools gave. */
import { AlephError } from "../protocol/errors.ts";
import { canonicalSessionKey, isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { SaidMessage, SessionReader } from "../sdk/session-reader.ts";
import type { MessageIndex } from "./message-index.ts";
import { readHistory } from "./messages.ts";
import type { Sessions } from "./sessions.ts";
import type { Stores } from "./stores.ts";

export interface ReaderOptions {
  readonly sessions: Pick<Sessions, "get" | "list">;
  readonly stores: Stores;
  readonly index: () => Promise<Pick<MessageIndex, "search">>;
}

/** Pages of history that are looked through for what was said. */
const PAGE = 200;

export function createSessionReader({ sessions, stores, index }: ReaderOptions): SessionReader {
  const isVisible = (from: string, key: string) =>
    !isEphemeral(parseSessionKey(key)) || canonicalSessionKey(from) === key;
  const untrustedIn = (keys: Iterable<string>) =>
    [...new Set(keys)].some((key) => hasUntrusted(stores, key)) ? true : undefined;
  return {
    mayRead({ kind }) {
      if (kind === "owner" || kind === "device") return { tier: "allow", reason: "Reads the user's conversations" };
      return { tier: "deny", reason: "Conversations are for their owner alone" };
    },
    list: (from, { filter, limit }) =>
      sessions
        .list({ filter, limit: limit + 100 })
        .filter(({ key }) => isVisible(from, key))
        .slice(0, limit),
    history(from, wanted, { limit, before }) {
      const { id, key } = sessions.get(wanted);
      if (!isVisible(from, key)) throw new AlephError("not_found", `No session "${wanted}"`);
      const { db } = stores.of(key);
      const said: SaidMessage[] = [];
      let next = before;
      do {
        const page = readHistory(db, id, { limit: Math.min(PAGE, limit), before: next });
        const wordy = page.messages.filter(
          ({ role, content }) => (role === "user" || role === "assistant") && content !== "",
        );
        said.unshift(...wordy.map(({ id, role, ts, content }) => ({ id, role, ts, content })));
        next = page.next;
      } while (next !== undefined && said.length < limit);
      const messages = said.slice(-limit);
      const more = messages.length < said.length ? messages[0]?.id : next;
      return { messages, next: more, untrusted: untrustedIn([key]) };
    },
    async search(query, limit) {
      const { found, left } = (await index()).search(query, { limit });
      const untrusted = untrustedIn(found.map(({ key }) => key));
      return {
        found: found.map(({ snippet, title: _, ...message }) => ({ ...message, content: snippet })),
        untrusted,
        left,
      };
    },
  };
}

function hasUntrusted(stores: Stores, key: string): boolean {
  const { db } = stores.of(key);
  const row = db
    .query<{ found: number }, [string]>(
      `SELECT 1 AS found FROM message INDEXED BY message_untrusted
       WHERE session_id = (SELECT id FROM session WHERE key = ?) AND instr(parts, '"untrusted":true') > 0 AND role = 'tool'
       LIMIT 1`,
    )
    .get(key);
  return row !== null;
}
