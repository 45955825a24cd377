/** A chat.db as the Messages app makes it, with the tables and columns that are read, and as it writes while it is read. */
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

const SCHEMA = `
PRAGMA journal_mode = WAL;
CREATE TABLE handle (ROWID INTEGER PRIMARY KEY AUTOINCREMENT UNIQUE, id TEXT NOT NULL, country TEXT, service TEXT NOT NULL, uncanonicalized_id TEXT, person_centric_id TEXT, UNIQUE (id, service));
CREATE TABLE chat (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, style INTEGER, state INTEGER, account_id TEXT, properties BLOB, chat_identifier TEXT, service_name TEXT, room_name TEXT, account_login TEXT, is_archived INTEGER DEFAULT 0, last_addressed_handle TEXT, display_name TEXT, group_id TEXT);
CREATE TABLE message (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, text TEXT, replace INTEGER DEFAULT 0, service_center TEXT, handle_id INTEGER DEFAULT 0, subject TEXT, country TEXT, attributedBody BLOB, version INTEGER DEFAULT 0, type INTEGER DEFAULT 0, service TEXT, account TEXT, date INTEGER, date_read INTEGER, is_from_me INTEGER DEFAULT 0, cache_has_attachments INTEGER DEFAULT 0, item_type INTEGER DEFAULT 0, group_title TEXT, associated_message_guid TEXT, associated_message_type INTEGER DEFAULT 0);
CREATE TABLE attachment (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, created_date INTEGER DEFAULT 0, filename TEXT, uti TEXT, mime_type TEXT, transfer_state INTEGER DEFAULT 0, is_outgoing INTEGER DEFAULT 0, transfer_name TEXT, total_bytes INTEGER DEFAULT 0);
CREATE TABLE chat_message_join (chat_id INTEGER REFERENCES chat (ROWID) ON DELETE CASCADE, message_id INTEGER REFERENCES message (ROWID) ON DELETE CASCADE, message_date INTEGER DEFAULT 0, PRIMARY KEY (chat_id, message_id));
CREATE TABLE message_attachment_join (message_id INTEGER REFERENCES message (ROWID) ON DELETE CASCADE, attachment_id INTEGER REFERENCES attachment (ROWID) ON DELETE CASCADE, UNIQUE (message_id, attachment_id));
`;

export interface Written {
  readonly from?: string;
  readonly group?: string;
  readonly body?: Uint8Array;
  readonly fromMe?: boolean;
  readonly reaction?: number;
  readonly file?: { readonly path: string; readonly name: string; readonly type: string; readonly size: number };
  /** The chat is written at a later time. */
  readonly withoutChat?: boolean;
  /** Milliseconds since it was written. */
  readonly age?: number;
}

export function messagesDatabase(path: string, now: () => number = Date.now) {
  mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path, { strict: true });
  db.run(SCHEMA);
  const idOf = (sql: string, ...values: (string | number)[]) => Number(db.query(sql).run(...values).lastInsertRowid);
  const join = (row: number, { from = "+15550001", group }: Written = {}) => {
    const guid = group === undefined ? `iMessage;-;${from}` : `iMessage;+;${group}`;
    const known = db.query<{ row: number }, [string]>("SELECT ROWID AS row FROM chat WHERE guid = ?").get(guid)?.row;
    const name = group === undefined ? "" : "Friends";
    const insert = "INSERT INTO chat (guid, style, display_name) VALUES (?, ?, ?)";
    const chat = known ?? idOf(insert, guid, group === undefined ? 45 : 43, name);
    idOf("INSERT INTO chat_message_join (chat_id, message_id) VALUES (?, ?)", chat, row);
  };
  return {
    join,
    /** As Messages does it: null for the text where there is a body. */
    write(text: string | null, written: Written = {}): number {
      const {
        from = "+15550001",
        body = null,
        fromMe = false,
        reaction = 0,
        file,
        withoutChat = false,
        age = 0,
      } = written;
      idOf("INSERT OR IGNORE INTO handle (id, service) VALUES (?, 'iMessage')", from);
      const handle = db.query<{ row: number }, [string]>("SELECT ROWID AS row FROM handle WHERE id = ?").get(from)!.row;
      const date = (now() - age - Date.UTC(2001, 0, 1)) * 1e6;
      const { lastInsertRowid } = db
        .query(
          "INSERT INTO message (guid, text, attributedBody, handle_id, date, is_from_me, associated_message_type) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(crypto.randomUUID(), text, body, handle, date, fromMe ? 1 : 0, reaction);
      const row = Number(lastInsertRowid);
      if (!withoutChat) join(row, written);
      if (file) {
        const { path: name, name: shown, type, size } = file;
        const insert =
          "INSERT INTO attachment (guid, filename, transfer_name, mime_type, total_bytes) VALUES (?, ?, ?, ?, ?)";
        const attachment = idOf(insert, crypto.randomUUID(), name, shown, type, size);
        idOf("INSERT INTO message_attachment_join (message_id, attachment_id) VALUES (?, ?)", row, attachment);
      }
      return row;
    },
    [Symbol.dispose]: () => db.close(),
  };
}

/** An NSAttributedString of one string in Apple's typedstream. */
export function attributedBody(text: string, { mutable = false } = {}): Uint8Array {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  const size =
    length < 0x81
      ? [length]
      : length < 0x8000
        ? [0x81, length & 0xff, length >> 8]
        : [0x82, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >> 24];
  const name = (word: string) => [word.length, ...Buffer.from(word)];
  const string = mutable
    ? [0x84, 0x84, 0x84, ...name("NSMutableString"), 0x01, 0x84, 0x84, ...name("NSString"), 0x01, 0x95]
    : [0x84, 0x84, 0x84, ...name("NSString"), 0x01, 0x94];
  return Buffer.from([
    ...[0x04, ...name("streamtyped"), 0x81, 0xe8, 0x03, 0x84, 0x01, 0x40],
    ...[0x84, 0x84, 0x84, ...name("NSAttributedString"), 0x00, 0x84, 0x84, ...name("NSObject"), 0x00, 0x85, 0x92],
    ...string,
    ...[0x84, 0x01, 0x2b, ...size, ...bytes],
    ...[0x86, 0x84, 0x02, 0x69, 0x49, 0x01, length & 0x7f, 0x92, 0x84, 0x84, 0x84, ...name("NSDictionary")],
  ]);
}
