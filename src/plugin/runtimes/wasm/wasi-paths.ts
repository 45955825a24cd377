/** WASI's functions on paths in the granted folders. Links are followed inside of them and never made. */
import { mkdirSync, openSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import type { Descriptors } from "./wasi-descriptors.ts";
import { putStats, type WasiCalls, WRITE_RIGHTS } from "./wasi-files.ts";
import { attempt, type Located, locate, openFlags } from "./wasi-folders.ts";
import { ERRNO as E, WasiError, type WasiMemory } from "./wasi-memory.ts";

const FOLLOW = 1;
const OPEN = { create: 1, folder: 2, exclusive: 4, truncate: 8 } as const;
const APPEND = 1;
const RIGHT_READ = 1n << 1n;

/** `denied` is told what it tried outside of what was granted. */
export function pathCalls(memory: WasiMemory, descriptors: Descriptors, denied: (target: string) => void): WasiCalls {
  const find = (fd: number, at: number, length: number, follow: boolean): Located =>
    locate(descriptors.folder(fd), memory.text(at, length), { follow, denied });
  const requireWritable = (fd: number, path: string) => {
    if (descriptors.folder(fd).granted.writable) return;
    denied(path);
    throw new WasiError(E.notcapable);
  };
  const change = (fd: number, at: number, length: number, work: (path: string) => void) => {
    const { path } = find(fd, at, length, false);
    requireWritable(fd, path);
    attempt(() => work(path));
  };

  return {
    path_open(
      fd: number,
      lookup: number,
      at: number,
      length: number,
      flags: number,
      rights: bigint,
      _inherited: bigint,
      fdFlags: number,
      resultAt: number,
    ) {
      const has = (flag: number) => (flags & flag) !== 0;
      const { path, stats } = find(fd, at, length, (lookup & FOLLOW) !== 0);
      const makes = has(OPEN.create) || has(OPEN.truncate);
      if (stats?.isDirectory() && !makes) {
        const { granted } = descriptors.folder(fd);
        return memory.setU32(resultAt, descriptors.add({ kind: "folder", granted, path }));
      }
      if (stats?.isDirectory()) throw new WasiError(has(OPEN.exclusive) ? E.exist : E.isdir);
      if (has(OPEN.folder)) throw new WasiError(stats ? E.notdir : E.noent);
      if (stats?.isSymbolicLink()) throw new WasiError(E.loop);
      if (stats && !stats.isFile()) throw new WasiError(E.acces);
      const wantsWrite = makes || (rights & WRITE_RIGHTS) !== 0n;
      const read = !wantsWrite || (rights & RIGHT_READ) !== 0n;
      // Some kits ask for all rights whatever they need: then it can be read, and only writing it is refused.
      const withheld = wantsWrite && read && !makes && !descriptors.folder(fd).granted.writable ? path : undefined;
      const write = wantsWrite && withheld === undefined;
      if (write) requireWritable(fd, path);
      const append = (fdFlags & APPEND) !== 0;
      const how = { create: has(OPEN.create), exclusive: has(OPEN.exclusive), truncate: has(OPEN.truncate), append };
      descriptors.requireRoom();
      const opened = attempt(() => openSync(path, openFlags({ read, write }, how), 0o600));
      memory.setU32(resultAt, descriptors.add({ kind: "file", fd: opened, append, withheld, position: 0 }));
    },
    path_filestat_get(fd: number, lookup: number, at: number, length: number, resultAt: number) {
      const { stats } = find(fd, at, length, (lookup & FOLLOW) !== 0);
      if (!stats) throw new WasiError(E.noent);
      putStats(memory, resultAt, stats);
    },
    path_create_directory: (fd: number, at: number, length: number) =>
      change(fd, at, length, (path) => mkdirSync(path, { mode: 0o700 })),
    path_remove_directory: (fd: number, at: number, length: number) => change(fd, at, length, rmdirSync),
    path_unlink_file: (fd: number, at: number, length: number) => change(fd, at, length, unlinkSync),
    path_rename(fd: number, at: number, length: number, toFd: number, toAt: number, toLength: number) {
      const to = find(toFd, toAt, toLength, false);
      requireWritable(toFd, to.path);
      change(fd, at, length, (path) => renameSync(path, to.path));
    },
  };
}
