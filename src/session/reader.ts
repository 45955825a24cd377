/** Reads conversations for tools: what was said, without what tools gave. */
import { AlephError } from "../protocol/errors.ts";
import type { MessageRole } from "../protocol/message.ts";
import { canonicalSessionKey, isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { SaidMessage, SessionReader } from "../sdk/session-reader.ts";
import type { MessageIndex } from "./message-index.ts";
import { readHistory } from "./messages.ts";
import { hasOthers } from "./others.ts";
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
    [...new Set(keys)].some((key) => hasUntrusted(stores, key, ["user", "tool"])) ? true : undefined;
  return {
    mayRead({ kind }) {
      if (kind === "owner" || kind === "device") return { tier: "allow", reason: "Reads the user's conversations" };
      return { tier: "deny", reason: "Conversations are for their owner alone" };
    },
    list(from, { filter, limit }) {
      const seen = sessions
        .list({ filter, limit: limit + 100 })
        .filter(({ key }) => isVisible(from, key))
        .slice(0, limit);
      // A title is what was said first, or what the owner made of it; what tools brought is in none.
      const isForeign = seen.some(({ key, title }) => title !== null && hasUntrusted(stores, key, ["user"]));
      return { sessions: seen, untrusted: isForeign ? true : undefined };
    },
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

/** Of messages to the model, too: webhooks, jobs and other agents bring what strangers wrote as what a person said. */
function hasUntrusted(stores: Stores, key: string, roles: readonly MessageRole[]): boolean {
  const { db } = stores.of(key);
  const row = db
    .query<{ id: number; found: number }, [string, string]>(
      `SELECT id, EXISTS (SELECT 1 FROM message INDEXED BY message_untrusted
         WHERE session_id = session.id AND instr(parts, '"untrusted":true') > 0
           AND role IN (SELECT value FROM json_each(?2))) AS found
       FROM session WHERE key = ?1`,
    )
    .get(key, JSON.stringify(roles));
  return row !== null && (row.found === 1 || hasOthers(db, row.id));
}
