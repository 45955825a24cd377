/** The granted folders as a module written for WASI reaches them: a path is judged with all its links before it is used. */
import { constants, lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { isWithin } from "../../../lib/is-within.ts";
import type { GrantedFolder } from "./frames.ts";
import { ERRNO as E, WasiError } from "./wasi-memory.ts";

export interface OpenFolder {
  readonly kind: "folder";
  readonly granted: GrantedFolder;
  /** Absolute, without links, in what was granted. */
  readonly path: string;
}

export interface Located {
  /** Absolute; only its last name may be a link, and only when it was not to be followed. */
  readonly path: string;
  /** Nothing when there is nothing yet. */
  readonly stats: Stats | undefined;
}

export interface LocateOptions {
  /** Follow a link at the end of the path. */
  readonly follow: boolean;
  /** Called with the path when it is outside of what was granted. */
  readonly denied: (target: string) => void;
}

const MAX_PATH = 4096;

/** Throws `WasiError`. */
export function locate({ granted, path }: OpenFolder, name: string, options: LocateOptions): Located {
  const deny = (target: string): never => {
    options.denied(target);
    throw new WasiError(E.notcapable);
  };
  if (name.length > MAX_PATH) throw new WasiError(E.nametoolong);
  if (name === "" || name.includes("\0")) throw new WasiError(name === "" ? E.noent : E.inval);
  const target = join(path, ...name.split("/"));
  if (name.startsWith("/") || !isWithin(path, target)) deny(name.startsWith("/") ? name : target);
  if (target === path) return { path, stats: statSync(path) };

  const parent = attempt(() => realpathSync(dirname(target)));
  if (!isWithin(granted.path, parent)) deny(parent);
  const own = join(parent, target.slice(target.lastIndexOf(sep) + 1));
  const stats = attempt(() => lstatSync(own, { throwIfNoEntry: false }));
  if (!stats?.isSymbolicLink() || !options.follow) return { path: own, stats };
  const real = attempt(() => realpathSync(own));
  if (!isWithin(granted.path, real)) deny(real);
  return { path: real, stats: statSync(real) };
}

/** Runs what asks the file system; its errors become WASI's. */
export function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof WasiError) throw thrown;
    throw new WasiError(ERRNO_OF[(thrown as NodeJS.ErrnoException).code ?? ""] ?? E.io);
  }
}

const ERRNO_OF: Readonly<Record<string, number>> = {
  EACCES: E.acces,
  EBADF: E.badf,
  EEXIST: E.exist,
  EINVAL: E.inval,
  EISDIR: E.isdir,
  ELOOP: E.loop,
  EMFILE: E.mfile,
  ENAMETOOLONG: E.nametoolong,
  ENOENT: E.noent,
  ENOSPC: E.nospc,
  EFBIG: E.nospc,
  ENOTDIR: E.notdir,
  ENOTEMPTY: E.notempty,
  EPERM: E.perm,
  EROFS: E.rofs,
};

/** WASI's flags of `path_open` in the system's. */
export function openFlags(
  { read, write }: { readonly read: boolean; readonly write: boolean },
  { create, exclusive, truncate, append }: Readonly<Record<"create" | "exclusive" | "truncate" | "append", boolean>>,
): number {
  const access = write ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  return (
    access |
    (create ? constants.O_CREAT : 0) |
    (exclusive ? constants.O_EXCL : 0) |
    (truncate ? constants.O_TRUNC : 0) |
    (append ? constants.O_APPEND : 0) |
    // What was judged is opened, not a link that came since; a pipe would hang.
    (constants.O_NOFOLLOW ?? 0) |
    (constants.O_NONBLOCK ?? 0)
  );
}
