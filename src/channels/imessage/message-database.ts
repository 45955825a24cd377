/** What came, in the database of the Messages app, read beside it: each message once, in order. */
import { Database } from "bun:sqlite";
import { AlephError } from "../../protocol/errors.ts";
import { readAttributedBody } from "./attributed-body.ts";

export interface DatabaseMessage {
  /** Grows with each message. */
  readonly row: number;
  /** Empty for what nobody can answer: it has no chat, or nobody who wrote it. */
  readonly guid: string;
  readonly chat: string;
  readonly isGroup: boolean;
  readonly groupName: string | undefined;
  /** A telephone number or a mail address. */
  readonly sender: string;
  readonly text: string;
  readonly files: readonly {
    readonly path: string;
    readonly name: string;
    readonly type: string | undefined;
    readonly size: number;
  }[];
}

const AT_ONCE = 100;
/** `chat.style` of a group. */
const GROUP_STYLE = 43;
/** Dates count nanoseconds from 2001. */
const EPOCH_MS = Date.UTC(2001, 0, 1);
/** Messages writes a message first and its chat after it. */
const WITHOUT_CHAT_MS = 10_000;

const NOTHING = { guid: "", chat: "", isGroup: false, groupName: undefined, sender: "", text: "", files: [] };

const MESSAGES = `
SELECT m.ROWID AS row, m.guid, m.text, m.attributedBody AS body, m.date, h.id AS sender,
  c.guid AS chat, c.style, c.display_name AS name
FROM message m
LEFT JOIN handle h ON h.ROWID = m.handle_id
LEFT JOIN chat_message_join j ON j.message_id = m.ROWID
LEFT JOIN chat c ON c.ROWID = j.chat_id
WHERE m.ROWID > ? AND m.is_from_me = 0 AND coalesce(m.item_type, 0) = 0 AND coalesce(m.associated_message_type, 0) = 0
GROUP BY m.ROWID ORDER BY m.ROWID LIMIT ${AT_ONCE}`;

const FILES = `
SELECT a.filename AS path, a.transfer_name AS name, a.mime_type AS type, a.total_bytes AS size
FROM message_attachment_join j JOIN attachment a ON a.ROWID = j.attachment_id WHERE j.message_id = ? ORDER BY a.ROWID`;

export class MessageDatabase implements Disposable {
  readonly #db: Database;

  /** Throws `not_found`, and `forbidden` where macOS keeps it from us. */
  constructor(path: string) {
    try {
      this.#db = new Database(path, { readonly: true });
      this.#db.query("SELECT ROWID FROM message LIMIT 1").get();
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      if (/CANTOPEN|AUTH|PERM|ENOENT/.test(code)) {
        throw new AlephError("forbidden", "The database of Messages cannot be read", {
          cause,
          data: { hint: `Give Aleph full disk access in the system's settings, and look whether "${path}" is there` },
        });
      }
      throw new AlephError("not_found", "The database of Messages is not one that is known", { cause });
    }
  }

  /** The last one that there is. */
  get last(): number {
    return this.#db.query<{ row: number | null }, []>("SELECT max(ROWID) AS row FROM message").get()?.row ?? 0;
  }

  /** What came after `row`, oldest first; what has no chat yet, and what came after it, at a later call. */
  after(row: number, now: number): DatabaseMessage[] {
    const found: DatabaseMessage[] = [];
    for (const each of this.#db.query<MessageRow, [number]>(MESSAGES).all(row)) {
      if (each.chat === null && now - (EPOCH_MS + each.date / 1e6) < WITHOUT_CHAT_MS) break;
      if (each.chat === null || each.sender === null) {
        // It counts as read: as many of them as are asked for at once, of a chat that was deleted, would hide all that follows.
        found.push({ ...NOTHING, row: each.row });
        continue;
      }
      const text = each.text ?? (each.body ? readAttributedBody(each.body) : undefined) ?? "";
      found.push({
        row: each.row,
        guid: each.guid,
        chat: each.chat,
        isGroup: each.style === GROUP_STYLE,
        groupName: each.name || undefined,
        sender: each.sender,
        text: text.replaceAll("\ufffc", "").trim(),
        files: this.#filesOf(each.row),
      });
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #filesOf(row: number): DatabaseMessage["files"] {
    return this.#db
      .query<FileRow, [number]>(FILES)
      .all(row)
      .flatMap(({ path, name, type, size }) =>
        path === null
          ? []
          : [{ path, name: name ?? path.slice(path.lastIndexOf("/") + 1), type: type ?? undefined, size: size ?? 0 }],
      );
  }
}

interface MessageRow {
  readonly row: number;
  readonly guid: string;
  readonly text: string | null;
  readonly body: Uint8Array | null;
  readonly date: number;
  readonly sender: string | null;
  readonly chat: string | null;
  readonly style: number | null;
  readonly name: string | null;
}

interface FileRow {
  readonly path: string | null;
  readonly name: string | null;
  readonly type: string | null;
  readonly size: number | null;
}
