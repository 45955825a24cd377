/** A new folder that is filled with what was judged: each path, each kind, each size, and all of them together. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ArchiveEntry, type InstallLimits, isLeftOut, readPath, refused } from "./entry.ts";

export class Intake {
  readonly #folder: string;
  readonly #limits: InstallLimits;
  /** By the name in which systems that ignore case and spelling would know it; files and folders. */
  readonly #known = new Map<string, { readonly path: string; readonly isFile: boolean }>();
  #entries = 0;
  #bytes = 0;

  /** `folder` is there and empty. */
  constructor(folder: string, limits: InstallLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Throws `plugin_error`; what it wrote before stays in the folder. */
  async add({ path, type, executable, data }: ArchiveEntry): Promise<void> {
    const { entries, fileBytes, totalBytes } = this.#limits;
    this.#entries++;
    if (this.#entries > entries) throw refused(`The plugin has more than ${entries} files and folders`);
    const segments = readPath(path);
    if (isLeftOut(segments)) return;
    const shown = JSON.stringify(segments.join("/").slice(0, 200));
    if (type === "link") throw refused(`${shown} is a link, which a plugin may not have`);
    if (type === "special") throw refused(`${shown} is neither a file nor a folder`);
    if (segments.length === 0) {
      if (type === "folder") return;
      throw refused("A file has no name");
    }
    await this.#makeFolders(type === "folder" ? segments : segments.slice(0, -1));
    if (type === "folder") return;
    if (data.byteLength > fileBytes) throw refused(`${shown} is larger than ${fileBytes} bytes`);
    this.#bytes += data.byteLength;
    if (this.#bytes > totalBytes) throw refused(`The plugin is larger than ${totalBytes} bytes`);
    this.#claim(segments, true);
    // What others gave it in rights, and whose it was, means nothing here.
    await writeFile(join(this.#folder, ...segments), data, { flag: "wx", mode: executable ? 0o755 : 0o644 });
  }

  async #makeFolders(segments: readonly string[]): Promise<void> {
    for (let depth = 1; depth <= segments.length; depth++) {
      const own = segments.slice(0, depth);
      if (this.#claim(own, false)) await mkdir(join(this.#folder, ...own), { mode: 0o755 });
    }
  }

  /** Whether it is new. Folders may come again, in the same spelling. */
  #claim(segments: readonly string[], isFile: boolean): boolean {
    const path = segments.join("/");
    const key = path.normalize("NFKC").toLowerCase();
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { path, isFile });
      return true;
    }
    if (!isFile && !known.isFile && known.path === path) return false;
    throw refused(
      known.path === path
        ? `${JSON.stringify(path)} is there twice`
        : `${JSON.stringify(path)} and ${JSON.stringify(known.path)} are the same file on some systems`,
    );
  }
}
