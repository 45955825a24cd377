/**
 * The host process's end of its pipes. It waits in the system call: nothing else is to be done in that process, and a
 * module that asks for something cannot go on before it has the answer.
 */
import { readSync, writeSync } from "node:fs";
import { decodeFrame, encodeFrame, type Frame } from "./frames.ts";

const STDIN = 0;
const STDOUT = 1;

export class Pipe {
  readonly #length = new Uint8Array(4);

  /** Nothing when the server has closed its end. */
  read(): Frame | undefined {
    if (!fill(this.#length)) return undefined;
    const frame = new Uint8Array(new DataView(this.#length.buffer).getUint32(0, true));
    return fill(frame) ? decodeFrame(frame) : undefined;
  }

  write(kind: number, head: unknown, body?: Uint8Array): void {
    const frame = encodeFrame(kind, head, body);
    for (let at = 0; at < frame.length; ) at += writeSync(STDOUT, frame, at);
  }
}

function fill(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(STDIN, bytes, at, bytes.length - at, null);
    if (read === 0) return false;
    at += read;
  }
  return true;
}
