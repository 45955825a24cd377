/** WASI's functions on what is open: reading, writing, what a file is and what is in a folder. */
import { fstatSync, fsyncSync, ftruncateSync, readdirSync, readSync, type Stats, statSync, writeSync } from "node:fs";
import type { Descriptors } from "./wasi-descriptors.ts";
import { attempt } from "./wasi-folders.ts";
import { ERRNO as E, WasiError, type WasiMemory } from "./wasi-memory.ts";

export type WasiCalls = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface FileCallOptions {
  readonly memory: WasiMemory;
  readonly descriptors: Descriptors;
  /** Takes what is written to standard output (1) or error (2). */
  readonly writeStream: (fd: number, bytes: Uint8Array) => void;
  /** Is told of files that it would change and may not. */
  readonly denied: (target: string) => void;
}

const TYPE = { unknown: 0, character: 2, folder: 3, file: 4 } as const;
const APPEND = 1;
/** Which of them really hold is up to the file system. */
const ALL_RIGHTS = (1n << 30n) - 1n;
/** `fd_write`, `fd_allocate`, `fd_filestat_set_size`. */
export const WRITE_RIGHTS = (1n << 6n) | (1n << 8n) | (1n << 22n);
const FDSTAT_BYTES = 24;
const FILESTAT_BYTES = 64;
const DIRENT_BYTES = 24;

export function fileCalls({ memory, descriptors, writeStream, denied }: FileCallOptions): WasiCalls {
  const writable = (fd: number) => {
    const file = descriptors.file(fd);
    if (file.withheld === undefined) return file;
    denied(file.withheld);
    throw new WasiError(E.notcapable);
  };

  const read = (fd: number, partsAt: number, count: number, doneAt: number, position?: number) => {
    if (descriptors.get(fd).kind === "stream") return memory.setU32(doneAt, 0);
    const file = descriptors.file(fd);
    const from = position ?? file.position;
    let at = from;
    for (const part of memory.parts(partsAt, count)) {
      const got = attempt(() => readSync(file.fd, part, 0, part.length, at));
      at += got;
      if (got < part.length) break;
    }
    if (position === undefined) file.position = at;
    memory.setU32(doneAt, at - from);
  };

  const write = (fd: number, partsAt: number, count: number, doneAt: number, position?: number) => {
    const parts = memory.parts(partsAt, count);
    let written = 0;
    if (fd === 1 || fd === 2) {
      for (const part of parts) {
        writeStream(fd, part);
        written += part.length;
      }
    } else {
      const file = writable(fd);
      const from = position ?? (file.append ? attempt(() => fstatSync(file.fd).size) : file.position);
      const at = () => (file.append ? null : from + written);
      for (const part of parts) written += attempt(() => writeSync(file.fd, part, 0, part.length, at()));
      if (position === undefined) file.position = from + written;
    }
    memory.setU32(doneAt, written);
  };

  const sync = (fd: number) => attempt(() => fsyncSync(descriptors.file(fd).fd));
  const isOpen = (fd: number) => void descriptors.get(fd);

  return {
    fd_prestat_get: (fd: number, at: number) => memory.setU64(at, BigInt(descriptors.grantedName(fd).length) << 32n),
    fd_prestat_dir_name(fd: number, at: number, length: number) {
      const name = descriptors.grantedName(fd);
      if (length >>> 0 < name.length) throw new WasiError(E.nametoolong);
      memory.bytes(at, name.length).set(name);
    },
    fd_close: (fd: number) => attempt(() => descriptors.close(fd)),
    fd_read: (fd: number, at: number, count: number, doneAt: number) => read(fd, at, count, doneAt),
    fd_pread: (fd: number, at: number, count: number, position: bigint, doneAt: number) =>
      read(fd, at, count, doneAt, toOffset(position)),
    fd_write: (fd: number, at: number, count: number, doneAt: number) => write(fd, at, count, doneAt),
    fd_pwrite: (fd: number, at: number, count: number, position: bigint, doneAt: number) =>
      write(fd, at, count, doneAt, toOffset(position)),
    fd_seek(fd: number, by: bigint, whence: number, at: number) {
      const file = descriptors.file(fd);
      const bases = [() => 0, () => file.position, () => attempt(() => fstatSync(file.fd).size)];
      const base = bases[whence]?.();
      if (base === undefined) throw new WasiError(E.inval);
      file.position = toOffset(BigInt(base) + by);
      memory.setU64(at, BigInt(file.position));
    },
    fd_tell: (fd: number, at: number) => memory.setU64(at, BigInt(descriptors.file(fd).position)),
    fd_fdstat_get(fd: number, at: number) {
      const descriptor = descriptors.get(fd);
      const { kind } = descriptor;
      const view = memory.view(at, FDSTAT_BYTES);
      view.setUint8(0, kind === "folder" ? TYPE.folder : kind === "file" ? TYPE.file : TYPE.character);
      view.setUint16(2, kind === "file" && descriptor.append ? APPEND : 0, true);
      const rights = kind === "folder" && !descriptor.granted.writable ? ALL_RIGHTS & ~WRITE_RIGHTS : ALL_RIGHTS;
      view.setBigUint64(8, rights, true);
      view.setBigUint64(16, rights, true);
    },
    fd_fdstat_set_flags: isOpen,
    fd_fdstat_set_rights: isOpen,
    fd_advise: isOpen,
    fd_sync: sync,
    fd_datasync: sync,
    fd_filestat_get(fd: number, at: number) {
      const descriptor = descriptors.get(fd);
      if (descriptor.kind === "stream") memory.view(at, FILESTAT_BYTES).setUint8(16, TYPE.character);
      else if (descriptor.kind === "file")
        putStats(
          memory,
          at,
          attempt(() => fstatSync(descriptor.fd)),
        );
      else
        putStats(
          memory,
          at,
          attempt(() => statSync(descriptor.path)),
        );
    },
    fd_filestat_set_size: (fd: number, size: bigint) => attempt(() => ftruncateSync(writable(fd).fd, toOffset(size))),
    fd_readdir(fd: number, at: number, length: number, cookie: bigint, usedAt: number) {
      const { path } = descriptors.folder(fd);
      const bytes = memory.bytes(at, length);
      const entries = attempt(() => readdirSync(path, { withFileTypes: true }));
      let used = 0;
      for (let index = toOffset(cookie); index < entries.length && used < bytes.length; index++) {
        const entry = entries[index]!;
        const type = entry.isDirectory() ? TYPE.folder : entry.isFile() ? TYPE.file : TYPE.unknown;
        // What does not fit is cut off: the module asks again, from this entry on.
        const part = makeDirent(index + 1, entry.name, type).subarray(0, bytes.length - used);
        bytes.set(part, used);
        used += part.length;
      }
      memory.setU32(usedAt, used);
    },
  };
}

export function putStats(memory: WasiMemory, at: number, stats: Stats): void {
  const view = memory.view(at, FILESTAT_BYTES);
  const nanoseconds = (milliseconds: number) => BigInt(Math.round(milliseconds * 1000)) * 1000n;
  view.setBigUint64(0, 0n, true);
  view.setBigUint64(8, BigInt(stats.ino), true);
  view.setBigUint64(16, BigInt(stats.isDirectory() ? TYPE.folder : stats.isFile() ? TYPE.file : TYPE.unknown), true);
  view.setBigUint64(24, BigInt(stats.nlink), true);
  view.setBigUint64(32, BigInt(stats.size), true);
  view.setBigUint64(40, nanoseconds(stats.atimeMs), true);
  view.setBigUint64(48, nanoseconds(stats.mtimeMs), true);
  view.setBigUint64(56, nanoseconds(stats.ctimeMs), true);
}

function makeDirent(next: number, name: string, type: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  const dirent = new Uint8Array(DIRENT_BYTES + text.length);
  const view = new DataView(dirent.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, type);
  dirent.set(text, DIRENT_BYTES);
  return dirent;
}

function toOffset(value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WasiError(E.inval);
  return Number(value);
}
