/** A plugin's manifest and the hash of its files, read anew only when they changed since the last time, restarts included. */
import type { PluginManifest } from "../sdk/plugin.ts";
import type { Store } from "../sdk/store.ts";
import { hashContent, listContent } from "./content.ts";
import { writablePaths } from "./file-rules.ts";
import { manifestStamp, readManifest } from "./manifest-files.ts";

export interface KnownPlugin {
  readonly manifest: PluginManifest;
  /** Of all its files. */
  readonly sha256: string;
}

interface Row {
  readonly manifest_stamp: string;
  readonly manifest: string;
  readonly content_stamp: string;
  readonly sha256: string;
}

/** What an earlier version understood by a manifest may not be what this one does. */
const FORM = 1;

export class KnownFiles {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** `folder` is a real path. Throws `plugin_error` for what makes it no usable plugin; loads zod when its manifest changed. */
  async read(folder: string): Promise<KnownPlugin> {
    const row = this.#store.db.query<Row, [string]>("SELECT * FROM plugin_cache WHERE folder = ?").get(folder);
    const stamp = `${FORM}\n${manifestStamp(folder)}`;
    const isKnown = row !== null && row.manifest_stamp === stamp;
    const manifest: PluginManifest = isKnown ? JSON.parse(row.manifest) : (await readManifest(folder)).manifest;
    const content = await listContent(folder, writablePaths(manifest.permissions.filesystem));
    if (isKnown && row.content_stamp === content.stamp) return { manifest, sha256: row.sha256 };
    const sha256 = await hashContent(content);
    // Nobody waits for it: whoever does not find it reads the files.
    this.#store.writeRelaxed((db) =>
      db
        .query("INSERT OR REPLACE INTO plugin_cache VALUES (?, ?, ?, ?, ?)")
        .run(folder, stamp, JSON.stringify(manifest), content.stamp, sha256),
    );
    return { manifest, sha256 };
  }

  /** Of folders that are gone. */
  keepOnly(folders: readonly string[]): void {
    const known = this.#store.db.query<{ folder: string }, []>("SELECT folder FROM plugin_cache").all();
    const gone = known.filter(({ folder }) => !folders.includes(folder));
    if (gone.length === 0) return;
    this.#store.writeRelaxed((db) => {
      for (const { folder } of gone) db.query("DELETE FROM plugin_cache WHERE folder = ?").run(folder);
    });
  }
}
