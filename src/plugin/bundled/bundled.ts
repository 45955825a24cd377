/** Plugins that came with Aleph, laid down as folders like any others; each is off until its owner enables it. */
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canonicalDigest } from "../../lib/canonical-json.ts";
import { createId } from "../../lib/id.ts";
import { once } from "../../lib/once.ts";

/** Files by their paths in the plugin's folder, in base64. */
export type CarriedFiles = Readonly<Record<string, string>>;

export interface BundledOptions {
  /** ALEPH_HOME/run/bundled; made when it is needed. */
  readonly folder: string;
  /** Of Aleph. */
  readonly version: string;
  /** Called when they are needed. */
  readonly load: () => Promise<Readonly<Record<string, CarriedFiles>>>;
}

/** Says which version is laid down; hidden, so it is no plugin. */
const STAMP = ".version";

export class Bundled {
  readonly #o: BundledOptions;

  constructor(options: BundledOptions) {
    this.#o = options;
  }

  /** Brings what an earlier version laid down to what this one has; nothing when nobody has asked for them yet. */
  readonly update = once(async () => {
    const stamp = await this.#stamp();
    if (stamp !== undefined && !stamp.startsWith(`${this.#o.version} `)) await this.offer();
  });

  /** Lays them down, if they are not there as they should be. */
  readonly offer = once(async () => {
    const { folder, version, load } = this.#o;
    const plugins = await load();
    const stamp = `${version} ${canonicalDigest(plugins)}`;
    if (Object.keys(plugins).length === 0 || (await this.#stamp()) === stamp) return;
    const next = `${folder}.${createId("new")}`;
    try {
      for (const [id, files] of Object.entries(plugins)) {
        for (const [path, content] of Object.entries(files))
          await write(join(next, id, path), Buffer.from(content, "base64"));
      }
      await write(join(next, STAMP), stamp);
      await rm(folder, { recursive: true, force: true });
      await rename(next, folder);
    } finally {
      await rm(next, { recursive: true, force: true });
    }
  });

  async #stamp(): Promise<string | undefined> {
    try {
      return await readFile(join(this.#o.folder, STAMP), "utf8");
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw thrown;
    }
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Bun.write(path, content, { mode: 0o600 });
}
