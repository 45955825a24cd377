/** What one instance of a module has open: the three streams, the granted folders, and what it opened in them. */
import { closeSync } from "node:fs";
import type { GrantedFolder } from "./frames.ts";
import type { OpenFolder } from "./wasi-folders.ts";
import { ERRNO as E, WasiError } from "./wasi-memory.ts";

export interface OpenFile {
  readonly kind: "file";
  readonly fd: number;
  readonly append: boolean;
  /** Its path, when it was to be written too and may not be. */
  readonly withheld: string | undefined;
  position: number;
}

/** Standard input, output and error. */
export interface OpenStream {
  readonly kind: "stream";
}

export type Descriptor = OpenFile | OpenFolder | OpenStream;

const FIRST_FOLDER = 3;
const MAX_OPEN = 64;

/** Disposing closes what the module left open. */
export class Descriptors implements Disposable {
  readonly #open = new Map<number, Descriptor>();
  readonly #names: readonly Uint8Array[];

  constructor(folders: readonly GrantedFolder[]) {
    for (const fd of [0, 1, 2]) this.#open.set(fd, { kind: "stream" });
    for (const [index, granted] of folders.entries()) {
      this.#open.set(FIRST_FOLDER + index, { kind: "folder", granted, path: granted.path });
    }
    this.#names = folders.map(({ name }) => new TextEncoder().encode(name));
  }

  get(fd: number): Descriptor {
    const descriptor = this.#open.get(fd);
    if (!descriptor) throw new WasiError(E.badf);
    return descriptor;
  }

  file(fd: number): OpenFile {
    const descriptor = this.get(fd);
    if (descriptor.kind === "file") return descriptor;
    throw new WasiError(descriptor.kind === "folder" ? E.isdir : E.badf);
  }

  folder(fd: number): OpenFolder {
    const descriptor = this.get(fd);
    if (descriptor.kind !== "folder") throw new WasiError(E.notdir);
    return descriptor;
  }

  /** What the module calls a folder that was granted; that is how it finds out which there are. */
  grantedName(fd: number): Uint8Array {
    const name = this.#names[fd - FIRST_FOLDER];
    if (!name || !this.#open.has(fd)) throw new WasiError(E.badf);
    return name;
  }

  /** Asked before something is opened that `add` would refuse. */
  requireRoom(): void {
    if (this.#open.size >= MAX_OPEN) throw new WasiError(E.mfile);
  }

  add(descriptor: Descriptor): number {
    this.requireRoom();
    let fd = FIRST_FOLDER + this.#names.length;
    while (this.#open.has(fd)) fd += 1;
    this.#open.set(fd, descriptor);
    return fd;
  }

  close(fd: number): void {
    const descriptor = this.get(fd);
    this.#open.delete(fd);
    if (descriptor.kind === "file") closeSync(descriptor.fd);
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.#open.keys()]) this.close(fd);
  }
}
