/** Reads a WebAssembly module's sections and writes it anew with its memory held to a limit, before any engine sees it. */

/** WASI's functions as the engine is shown them: Extism then leaves them, and what starts such a module, to us. */
export const WASI_MODULE = "aleph:wasi";
/** Extism's functions for HTTP under this name are ours; under its own, Extism puts a client of its own in their place. */
export const HTTP_MODULE = "aleph:http";
/** What starts a module that is written for WASI; renamed so that it runs only when its memory is known to us. */
export const INITIALISERS = ["_initialize", "hs_init", "_start"] as const;

export const PAGE_BYTES = 65_536;

/** What the module is, for the person who wrote it: a sentence without a full stop. */
export class ModuleFault extends Error {}

export interface LimitedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Exported functions, as the module itself names them. */
  readonly functions: readonly string[];
  readonly usesWasi: boolean;
}

const WASI = "wasi_snapshot_preview1";
export const EXTISM = "extism:host/env";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const TYPES = 1;
const IMPORTS = 2;
const MEMORIES = 5;
const EXPORTS = 7;
const FUNCTION_TYPE = 0x60;
const REFERENCE_TYPES = [0x63, 0x64];
const FUNCTION = 0;
const KINDS = ["function", "table", "memory", "global", "tag"];
/** 32 bits, not shared, 64 KiB a page: the only kind of memory whose size the limit can be said in. */
const PLAIN = 0;
const PLAIN_WITH_MAXIMUM = 1;

/** Throws `ModuleFault`. Everything that is not named here is left to the engine, which checks the whole. */
export function limitModule(module: Uint8Array, { maxPages }: { readonly maxPages: number }): LimitedModule {
  const source = new Source(module);
  if (HEADER.some((byte, index) => module[index] !== byte)) throw new ModuleFault("is no WebAssembly module");
  source.skip(HEADER.length);
  const parts: Uint8Array[] = [Uint8Array.from(HEADER)];
  const functions: string[] = [];
  let usesWasi = false;
  while (source.left > 0) {
    const from = source.at;
    const id = source.byte();
    const content = source.take(source.number());
    if (id === TYPES) {
      checkTypes(new Source(content));
      parts.push(module.subarray(from, source.at));
    } else if (id === IMPORTS) {
      const imports = rewriteImports(new Source(content));
      usesWasi = imports.usesWasi;
      parts.push(section(id, imports.bytes));
    } else if (id === MEMORIES) {
      parts.push(section(id, rewriteMemories(new Source(content), maxPages)));
    } else if (id === EXPORTS) {
      const exports = rewriteExports(new Source(content), usesWasi);
      functions.push(...exports.functions);
      parts.push(section(id, exports.bytes));
    } else parts.push(module.subarray(from, source.at));
  }
  return { bytes: join(parts), functions, usesWasi };
}

/** Functions are all that may be declared: structures and arrays live in the engine's own heap, which has no limit. */
function checkTypes(source: Source): void {
  const count = source.number();
  for (let index = 0; index < count; index++) {
    if (source.byte() !== FUNCTION_TYPE) {
      throw new ModuleFault("has garbage-collected types, whose memory cannot be held to a limit");
    }
    for (const _list of ["parameters", "results"]) {
      for (let values = source.number(); values > 0; values--) {
        const type = source.byte();
        // A reference to a type of its own goes on with a number, of which only the last byte is below 128.
        if (REFERENCE_TYPES.includes(type)) while (source.byte() >= 0x80);
      }
    }
  }
}

function rewriteImports(source: Source): { readonly bytes: Uint8Array; readonly usesWasi: boolean } {
  const count = source.number();
  const parts: Uint8Array[] = [leb(count)];
  let usesWasi = false;
  for (let index = 0; index < count; index++) {
    const from = source.name();
    const name = source.name();
    const kind = source.byte();
    if (kind !== FUNCTION) {
      const what = KINDS[kind] ?? "unknown thing";
      throw new ModuleFault(`imports the ${what} "${from}" "${name}"; only functions can be imported`);
    }
    const type = source.number();
    if (from === "wasi_unstable") throw new ModuleFault("is written for a WASI before preview 1");
    usesWasi ||= from === WASI;
    parts.push(text(hostModule(from, name)), text(name), Uint8Array.of(kind), leb(type));
  }
  return { bytes: join(parts), usesWasi };
}

function hostModule(from: string, name: string): string {
  if (from === WASI) return WASI_MODULE;
  return from === EXTISM && name.startsWith("http_") ? HTTP_MODULE : from;
}

function rewriteMemories(source: Source, maxPages: number): Uint8Array {
  const count = source.number();
  if (count > 1) throw new ModuleFault(`has ${count} memories; one can be held to a limit`);
  if (count === 0) return leb(0);
  const flags = source.byte();
  if (flags !== PLAIN && flags !== PLAIN_WITH_MAXIMUM) throw new ModuleFault("has a shared or a 64-bit memory");
  const minimum = source.number();
  const maximum = flags === PLAIN_WITH_MAXIMUM ? source.number() : maxPages;
  if (minimum > maxPages) {
    const megabytes = (pages: number) => `${Math.ceil((pages * PAGE_BYTES) / 2 ** 20)} MB`;
    throw new ModuleFault(`needs ${megabytes(minimum)} of memory and may have ${megabytes(maxPages)}`);
  }
  return join([leb(1), Uint8Array.of(PLAIN_WITH_MAXIMUM), leb(minimum), leb(Math.min(maximum, maxPages))]);
}

function rewriteExports(
  source: Source,
  usesWasi: boolean,
): { readonly bytes: Uint8Array; readonly functions: readonly string[] } {
  const count = source.number();
  const parts: Uint8Array[] = [leb(count)];
  const functions: string[] = [];
  for (let index = 0; index < count; index++) {
    const name = source.name();
    const kind = source.byte();
    const item = source.number();
    if (kind === FUNCTION) functions.push(name);
    parts.push(text(kind === FUNCTION ? exportName(name, usesWasi) : name), Uint8Array.of(kind), leb(item));
  }
  return { bytes: join(parts), functions };
}

/** What an exported function is called in the module as it was written anew. */
export function exportName(name: string, usesWasi: boolean): string {
  return usesWasi && INITIALISERS.some((initialiser) => initialiser === name) ? `aleph:${name}` : name;
}

/** Reads the integers, names and bytes of the binary format (WebAssembly 1.0 §5.2); throws instead of reading beyond. */
class Source {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** LEB128, 32 bits without a sign. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new ModuleFault("is damaged: a number is too large");
  }

  name(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(this.number()));
    } catch (thrown) {
      throw thrown instanceof ModuleFault ? thrown : new ModuleFault("is damaged: a name is not UTF-8");
    }
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new ModuleFault("is damaged: it ends too early");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    this.take(length);
  }
}

function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return join([leb(bytes.length), bytes]);
}

function section(id: number, content: Uint8Array): Uint8Array {
  return join([Uint8Array.of(id), leb(content.length), content]);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
