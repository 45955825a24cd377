/** What the owner decided about plugins: approved, switched off, in development; and the folders that are trusted. */
import type { PluginManifest } from "../sdk/plugin.ts";
import type { Store } from "../sdk/store.ts";
import type { PluginGrant } from "./permissions.ts";

export interface Decision {
  readonly id: string;
  /** Real path. */
  readonly folder: string;
  readonly enabled: boolean;
  readonly development: boolean;
  /** What `plugins.install` took it from; what came that way waits for its owner, whatever it asks for. */
  readonly installedFrom: string | undefined;
  readonly approval: Approval | undefined;
}

/** What was approved: these files with this manifest. */
export interface Approval {
  readonly sha256: string;
  readonly manifest: PluginManifest;
  readonly grant: PluginGrant;
  /** Unix milliseconds. */
  readonly at: number;
  /** The identity. */
  readonly by: string;
}

interface Row {
  readonly id: string;
  readonly folder: string;
  readonly enabled: number;
  readonly development: number;
  readonly installed_from: string | null;
  readonly sha256: string | null;
  readonly manifest: string | null;
  readonly permissions: string | null;
  readonly approved_at: number | null;
  readonly approved_by: string | null;
}

/** Reads are from the database each time: there are few rows, and another process may have written them. */
export class Trust {
  readonly #store: Store;
  readonly #now: () => number;

  constructor({ store, now }: { readonly store: Store; readonly now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  decisions(): readonly Decision[] {
    return this.#store.db.query<Row, []>("SELECT * FROM plugin ORDER BY id").all().map(toDecision);
  }

  /** Resolves when it is on disk. A decision about a plugin of that id elsewhere is forgotten. */
  async decide(
    id: string,
    folder: string,
    change: {
      readonly enabled?: boolean;
      readonly development?: boolean;
      readonly installedFrom?: string;
      readonly approval?: Omit<Approval, "at">;
    },
  ): Promise<void> {
    const { enabled, development, installedFrom, approval } = change;
    await this.#store.write((db) => {
      db.query("DELETE FROM plugin WHERE id = ? AND folder <> ?").run(id, folder);
      db.query("INSERT INTO plugin (id, folder) VALUES (?, ?) ON CONFLICT (id) DO NOTHING").run(id, folder);
      if (enabled !== undefined) db.query("UPDATE plugin SET enabled = ? WHERE id = ?").run(Number(enabled), id);
      if (development !== undefined) {
        db.query("UPDATE plugin SET development = ? WHERE id = ?").run(Number(development), id);
      }
      if (installedFrom !== undefined) {
        db.query("UPDATE plugin SET installed_from = ? WHERE id = ?").run(installedFrom, id);
      }
      if (approval === undefined) return;
      const { sha256, manifest, grant, by } = approval;
      db.query(
        `UPDATE plugin SET sha256 = ?, version = ?, manifest = ?, permissions = ?, approved_at = ?, approved_by = ? WHERE id = ?`,
      ).run(sha256, manifest.version, JSON.stringify(manifest), JSON.stringify(grant), this.#now(), by, id);
    });
  }

  /** All that is known of it, its denials too. */
  async forget(id: string, folder: string): Promise<void> {
    await this.#store.write((db) => {
      db.query("DELETE FROM plugin WHERE id = ?").run(id);
      db.query("DELETE FROM plugin_denial WHERE plugin_id = ?").run(id);
      db.query("DELETE FROM plugin_cache WHERE folder = ?").run(folder);
    });
  }

  /** `path` is real. */
  isTrusted(path: string): boolean {
    return this.#store.db.query("SELECT 1 FROM trusted_folder WHERE path = ?").get(path) !== null;
  }

  async trustFolder(path: string, isTrusted: boolean): Promise<void> {
    await this.#store.write((db) => {
      if (!isTrusted) db.query("DELETE FROM trusted_folder WHERE path = ?").run(path);
      else db.query("INSERT OR IGNORE INTO trusted_folder (path, trusted_at) VALUES (?, ?)").run(path, this.#now());
    });
  }
}

function toDecision({ id, folder, enabled, development, ...row }: Row): Decision {
  const { sha256, manifest, permissions, approved_at: at, approved_by: by } = row;
  const isApproved = sha256 !== null && manifest !== null && permissions !== null && at !== null && by !== null;
  return {
    id,
    folder,
    enabled: enabled === 1,
    development: development === 1,
    installedFrom: row.installed_from ?? undefined,
    approval: isApproved
      ? { sha256, manifest: JSON.parse(manifest), grant: JSON.parse(permissions), at, by }
      : undefined,
  };
}
