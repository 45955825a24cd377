/** What the owner decided about skills: approved, switched off. */
import type { Store } from "../sdk/store.ts";

export interface Decision {
  /** Real path. */
  readonly folder: string;
  readonly enabled: boolean;
  readonly installedFrom: string | undefined;
  /** Of the files that were approved. */
  readonly approval: { readonly sha256: string; readonly at: number; readonly by: string } | undefined;
}

interface Row {
  readonly folder: string;
  readonly enabled: number;
  readonly installed_from: string | null;
  readonly sha256: string | null;
  readonly approved_at: number | null;
  readonly approved_by: string | null;
}

export class Decisions {
  readonly #store: Store;
  readonly #now: () => number;

  constructor({ store, now }: { readonly store: Store; readonly now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  of(folder: string): Decision | undefined {
    const row = this.#store.db.query<Row, [string]>("SELECT * FROM skill WHERE folder = ?").get(folder);
    if (!row) return undefined;
    const { sha256, approved_at: at, approved_by: by } = row;
    return {
      folder,
      enabled: row.enabled === 1,
      installedFrom: row.installed_from ?? undefined,
      approval: sha256 !== null && at !== null && by !== null ? { sha256, at, by } : undefined,
    };
  }

  /** Resolves when it is on disk. */
  async decide(
    folder: string,
    {
      enabled,
      installedFrom,
      approval,
    }: {
      readonly enabled?: boolean;
      readonly installedFrom?: string;
      readonly approval?: { readonly sha256: string; readonly by: string };
    },
  ): Promise<void> {
    await this.#store.write((db) => {
      db.query("INSERT INTO skill (folder) VALUES (?) ON CONFLICT (folder) DO NOTHING").run(folder);
      if (enabled !== undefined) db.query("UPDATE skill SET enabled = ? WHERE folder = ?").run(Number(enabled), folder);
      if (installedFrom !== undefined) {
        db.query("UPDATE skill SET installed_from = ? WHERE folder = ?").run(installedFrom, folder);
      }
      if (approval === undefined) return;
      db.query("UPDATE skill SET sha256 = ?, approved_at = ?, approved_by = ? WHERE folder = ?").run(
        approval.sha256,
        this.#now(),
        approval.by,
        folder,
      );
    });
  }

  async forget(folder: string): Promise<void> {
    await this.#store.write((db) => void db.query("DELETE FROM skill WHERE folder = ?").run(folder));
  }
}
