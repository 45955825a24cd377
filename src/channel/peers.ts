/** People whom the owner let in, by channel, and those who wait with a code until he does. */
import { timingSafeEqual } from "node:crypto";
import { canonicalShortCode, createShortCode } from "../lib/short-code.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Scope } from "../protocol/identity.ts";
import type { Store } from "../sdk/store.ts";
import type { Peer } from "./admission.ts";

/** On the wire as well, with `expires_at` of those who wait. */
export interface KnownPeer extends Peer {
  readonly channel: string;
  readonly id: string;
  readonly name: string | null;
  readonly approvedBy: string;
  readonly createdAt: number;
}

export interface WaitingPeer {
  readonly pairingId: string;
  readonly channel: string;
  readonly id: string;
  readonly name: string | null;
  readonly code: string;
  readonly expiresAt: number;
}

export interface PeersOptions {
  readonly store: Store;
  readonly now: () => number;
}

/** What somebody may who is let in, unless the owner says otherwise. */
export const PEER_SCOPES: readonly Scope[] = ["chat"];

const LASTS_MS = 60 * 60_000;
/** Strangers of one channel who wait at the same time. */
const WAITING = 20;

export class Peers {
  readonly #o: PeersOptions;

  constructor(options: PeersOptions) {
    this.#o = options;
  }

  get(channel: string, id: string): Peer | undefined {
    const row = this.#o.store.db
      .query<{ scopes: string }, [string, string]>("SELECT scopes FROM channel_peer WHERE channel = ? AND id = ?")
      .get(channel, id);
    return row ? { scopes: JSON.parse(row.scopes) } : undefined;
  }

  list(): KnownPeer[] {
    return this.#o.store.db
      .query<PeerRow, []>("SELECT * FROM channel_peer ORDER BY created_at, channel, id")
      .all()
      .map(({ channel, id, name, scopes, approved_by, created_at }) => ({
        channel,
        id,
        name,
        scopes: JSON.parse(scopes),
        approvedBy: approved_by,
        createdAt: created_at,
      }));
  }

  waiting(): WaitingPeer[] {
    return this.#o.store.db
      .query<WaitingRow, [number]>(
        "SELECT * FROM channel_stranger WHERE expires_at > ? AND code NOT NULL ORDER BY expires_at, channel, id",
      )
      .all(this.#o.now())
      .map(waitingOf);
  }

  /** By the id of his request, or by his code as a person types it; all are looked at, each in the same time. */
  find(idOrCode: string): WaitingPeer | undefined {
    const typed = Buffer.from(canonicalShortCode(idOrCode));
    return this.waiting().reduce<WaitingPeer | undefined>((found, each) => {
      const code = Buffer.from(each.code);
      const fits = code.length === typed.length && timingSafeEqual(code, typed);
      return fits || each.pairingId === idOrCode ? each : found;
    }, undefined);
  }

  /** A code for a stranger; nothing when he has one already, or too many wait. */
  async ask(channel: string, id: string, name: string | undefined): Promise<WaitingPeer | undefined> {
    const { store, now } = this.#o;
    const expiresAt = now() + LASTS_MS;
    return store.write((db) => {
      db.query("DELETE FROM channel_stranger WHERE expires_at <= ?").run(now());
      const waiting = db
        .query<{ id: string }, [string]>("SELECT id FROM channel_stranger WHERE channel = ?")
        .all(channel);
      if (waiting.length >= WAITING || waiting.some((each) => each.id === id)) return undefined;
      const code = createShortCode();
      const shown = name?.slice(0, 100).toWellFormed() ?? null;
      db.query("INSERT INTO channel_stranger (channel, id, name, code, expires_at) VALUES (?, ?, ?, ?, ?)").run(
        channel,
        id,
        shown,
        code,
        expiresAt,
      );
      return waitingOf({ channel, id, name: shown, code, expires_at: expiresAt });
    });
  }

  /** Lets one in who waits. Of two who answer only one is first: then `undefined`. */
  async approve(
    { channel, id }: Pick<WaitingPeer, "channel" | "id">,
    scopes: readonly Scope[],
    by: string,
  ): Promise<KnownPeer | undefined> {
    const { store, now } = this.#o;
    return store.write((db) => {
      const row = db
        .query<WaitingRow, [string, string]>(
          "DELETE FROM channel_stranger WHERE channel = ? AND id = ? AND code NOT NULL RETURNING *",
        )
        .get(channel, id);
      if (!row) return undefined;
      const peer = { channel, id, name: row.name, scopes, approvedBy: by, createdAt: now() };
      db.query(
        "INSERT OR REPLACE INTO channel_peer (channel, id, name, scopes, approved_by, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      ).run(channel, id, row.name, JSON.stringify(scopes), by, peer.createdAt);
      return peer;
    });
  }

  /** He waits no more, and gets no other code before the time of his own is over. */
  async reject({ channel, id }: Pick<WaitingPeer, "channel" | "id">): Promise<boolean> {
    const { changes } = await this.#o.store.write((db) =>
      db
        .query("UPDATE channel_stranger SET code = NULL WHERE channel = ? AND id = ? AND code NOT NULL")
        .run(channel, id),
    );
    return changes > 0;
  }

  /** Throws `not_found`. */
  async remove(channel: string, id: string): Promise<void> {
    const { changes } = await this.#o.store.write((db) =>
      db.query("DELETE FROM channel_peer WHERE channel = ? AND id = ?").run(channel, id),
    );
    if (changes > 0) return;
    throw new AlephError("not_found", `Nobody called "${id}" was let in on "${channel}"`, {
      data: { hint: "interface.peers.list shows those who were" },
    });
  }
}

interface PeerRow {
  readonly channel: string;
  readonly id: string;
  readonly name: string | null;
  readonly scopes: string;
  readonly approved_by: string;
  readonly created_at: number;
}

interface WaitingRow {
  readonly channel: string;
  readonly id: string;
  readonly name: string | null;
  readonly code: string;
  readonly expires_at: number;
}

function waitingOf({ channel, id, name, code, expires_at }: WaitingRow): WaitingPeer {
  const digest = new Bun.CryptoHasher("sha256").update(`${channel}\0${id}`).digest("hex");
  return { pairingId: `peer_${digest.slice(0, 32)}`, channel, id, name, code, expiresAt: expires_at };
}
