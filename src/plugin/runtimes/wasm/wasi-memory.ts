/** A module's memory as WASI's functions see it, and their error numbers. Reads and writes outside of it throw. */

/** Those of WASI preview 1 that are used. */
export const ERRNO = {
  success: 0,
  acces: 2,
  badf: 8,
  exist: 20,
  fault: 21,
  inval: 28,
  io: 29,
  isdir: 31,
  loop: 32,
  mfile: 33,
  nametoolong: 37,
  noent: 44,
  nospc: 51,
  nosys: 52,
  notdir: 54,
  notempty: 55,
  notsup: 58,
  perm: 63,
  rofs: 69,
  notcapable: 76,
} as const;

export class WasiError extends Error {
  readonly errno: number;

  constructor(errno: number) {
    super(`WASI error ${errno}`);
    this.errno = errno;
  }
}

export class WasiMemory {
  #memory: WebAssembly.Memory | undefined;

  set memory(memory: WebAssembly.Memory | undefined) {
    this.#memory = memory;
  }

  bytes(at: number, length: number): Uint8Array {
    const { buffer } = this.#memory ?? { buffer: new ArrayBuffer(0) };
    const from = at >>> 0;
    const size = length >>> 0;
    if (from + size > buffer.byteLength) throw new WasiError(ERRNO.fault);
    return new Uint8Array(buffer, from, size);
  }

  view(at: number, length: number): DataView {
    const { buffer, byteOffset } = this.bytes(at, length);
    return new DataView(buffer, byteOffset, length);
  }

  u32(at: number): number {
    return this.view(at, 4).getUint32(0, true);
  }

  setU32(at: number, value: number): void {
    this.view(at, 4).setUint32(0, value, true);
  }

  setU64(at: number, value: bigint): void {
    this.view(at, 8).setBigUint64(0, value, true);
  }

  text(at: number, length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes(at, length).slice());
    } catch (thrown) {
      throw thrown instanceof WasiError ? thrown : new WasiError(ERRNO.inval);
    }
  }

  /** The parts of memory that a list of (address, length) pairs names. */
  parts(at: number, count: number): Uint8Array[] {
    if (count >>> 0 > 1024) throw new WasiError(ERRNO.inval);
    return Array.from({ length: count >>> 0 }, (_, index) =>
      this.bytes(this.u32(at + index * 8), this.u32(at + index * 8 + 4)),
    );
  }
}
