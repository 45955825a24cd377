/**
 * What server and host process say to each other over standard input and output. A frame is four bytes of length, one
 * of its kind, four of the length of a JSON text, that text, and bytes; lengths are little-endian.
 */

/** The word that starts the host process: `aleph-server __wasm-host`. */
export const WASM_HOST = "__wasm-host";

/** What the server sends. */
export const TO_HOST = {
  /** `LoadHead`; the module. Once, first. */
  load: 1,
  /** `CallHead`; the input. Only after the answer to the one before. */
  call: 2,
  /** `ReplyHead`; the body. The answer to `request`. */
  reply: 3,
} as const;

/** What the host process sends. */
export const FROM_HOST = {
  /** It takes calls. */
  ready: 16,
  /** `ResultHead`; the output. */
  result: 17,
  /** `FailureHead`: the answer to a call, or to `load`. */
  failure: 18,
  /** `LogHead`. */
  log: 19,
  /** `RequestHead`; the body. Nothing else comes until it is answered. */
  request: 20,
  /** `DeniedHead`. */
  denied: 21,
} as const;

export interface LoadHead {
  readonly memoryBytes: number;
  readonly maxAnswer: number;
  readonly env: Readonly<Record<string, string>>;
  readonly folders: readonly GrantedFolder[];
}

export interface GrantedFolder {
  /** What the module calls it. */
  readonly name: string;
  /** Absolute, without links. */
  readonly path: string;
  readonly writable: boolean;
}

export interface CallHead {
  readonly name: string;
  /** Who calls and where, as JSON. */
  readonly context: string | null;
}

/** Of each answer to a call. */
interface AnswerHead {
  /** The next call is better made in a new process. */
  readonly isSpent: boolean;
}

export interface ResultHead extends AnswerHead {
  /** Whether the module set an output, which may be empty. */
  readonly hasOutput: boolean;
}

export interface FailureHead extends AnswerHead {
  /** `unusable`: the module cannot be loaded. `too_large`: the output. `handler`: all else that the module did. */
  readonly code: "unusable" | "handler" | "too_large";
  readonly message: string;
}

export interface LogHead {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
  /** Lines that were left out before this one, because there were too many. */
  readonly dropped: number;
}

export interface RequestHead {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly hasBody: boolean;
}

export type ReplyHead =
  | { readonly status: number; readonly headers: readonly (readonly [string, string])[] }
  | { readonly error: string };

export interface DeniedHead {
  readonly target: string;
}

export interface Frame {
  readonly kind: number;
  readonly head: unknown;
  readonly body: Uint8Array;
}

/** Bytes of one request's body and of the body that answers it. */
export const MAX_HTTP_BODY = 10 * 1024 * 1024;
/** Bytes of one line of a log. */
export const MAX_LOG_LINE = 4096;
/** Bytes of the JSON text of a frame that the host process sends. */
export const MAX_HEAD = 256 * 1024;

const PREFIX = 9;
const EMPTY = new Uint8Array();

export function encodeFrame(kind: number, head: unknown, body: Uint8Array = EMPTY): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const frame = new Uint8Array(PREFIX + text.length + body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, PREFIX - 4 + text.length + body.length, true);
  view.setUint8(4, kind);
  view.setUint32(5, text.length, true);
  frame.set(text, PREFIX);
  frame.set(body, PREFIX + text.length);
  return frame;
}

/** Puts frames together from bytes as they come. Throws what is wrong with them, and then takes no more. */
export class FrameReader {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #have = 0;
  #need = 4;

  /** `maxBytes`: of one frame, before any of it is kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The frames that are whole with these bytes. */
  *push(chunk: Uint8Array): Generator<Frame> {
    this.#parts.push(chunk);
    this.#have += chunk.length;
    while (this.#have >= this.#need) {
      const bytes = this.#joined();
      const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
      if (length < PREFIX - 4) throw new Error("A frame is shorter than its own head");
      if (length > this.#maxBytes) throw new FrameTooLarge();
      this.#need = length + 4;
      if (this.#have < this.#need) break;
      if (new DataView(bytes.buffer, bytes.byteOffset + 5, 4).getUint32(0, true) > MAX_HEAD) throw new FrameTooLarge();
      yield decodeFrame(bytes.subarray(4, this.#need));
      const rest = bytes.subarray(this.#need);
      this.#parts = rest.length > 0 ? [rest] : [];
      this.#have = rest.length;
      this.#need = 4;
    }
  }

  #joined(): Uint8Array {
    const [first] = this.#parts;
    if (this.#parts.length === 1 && first) return first;
    const all = new Uint8Array(this.#have);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    this.#parts = [all];
    return all;
  }
}

export class FrameTooLarge extends Error {
  constructor() {
    super("A frame is larger than may be");
  }
}

/** `frame` without its length. */
export function decodeFrame(frame: Uint8Array): Frame {
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(1, true);
  if (length > frame.length - 5) throw new Error("A frame is shorter than its own head");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(frame.subarray(5, 5 + length));
  return { kind: frame[0]!, head: JSON.parse(text), body: frame.subarray(5 + length) };
}
