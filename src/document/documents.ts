/**
 * Text out of documents that strangers made. Each is read by a confined process of its own, without files and network:
 * what its reader trips over ends that process, not the server.
 */

import { parse } from "node:path";
import { createSerial } from "../lib/serial.ts";
import { writeInput } from "../lib/write-input.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ConfinedChild, Sandbox } from "../sandbox/confinement.ts";
import { ENGINE_ENV } from "../sandbox/engine-env.ts";
import { ownProgram } from "../sandbox/own-program.ts";
import type { ExtractedDocument } from "./extracted.ts";
import type { HostAnswer } from "./host.ts";

export interface Documents {
  /**
   * Throws `invalid_params` for what cannot be read, `payload_too_large`, `timeout`, and what `signal` says on abort.
   * `name` is for messages.
   */
  read(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<ExtractedDocument>;
}

export interface DocumentsOptions {
  readonly sandbox: () => Promise<Pick<Sandbox, "start">>;
  /** For one document. Default: a minute. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** The engine, the document and what it unpacks to. */
const MEMORY_BYTES = 1536 * 1024 * 1024;
const MAX_ANSWER = 64 * 1024 * 1024;

/** Whether the bytes may be a document of a kind that can be read: a PDF or an archive. */
export function looksLikeDocument(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024));
  return head.subarray(0, 4).toString("latin1") === "PK\x03\x04" || head.includes("%PDF-");
}

export function createDocuments({ sandbox, timeoutMs = 60_000, maxBytes = MAX_BYTES }: DocumentsOptions): Documents {
  // One after the other: each may need much memory.
  const serial = createSerial();
  return {
    read: (bytes, name, signal) =>
      serial(async () => {
        signal.throwIfAborted();
        if (bytes.byteLength > maxBytes) {
          throw new AlephError(
            "payload_too_large",
            `"${name}" has ${bytes.byteLength} bytes; at most ${maxBytes} are read`,
          );
        }
        await using child = await startHost(await sandbox());
        const late = AbortSignal.timeout(timeoutMs);
        const text = await converse(child, bytes, AbortSignal.any([signal, late]), () => {
          signal.throwIfAborted();
          return new AlephError("timeout", `"${name}" took longer than ${timeoutMs / 1000} s to read`);
        });
        return documentIn(text, name);
      }),
  };
}

async function startHost(sandbox: Pick<Sandbox, "start">): Promise<ConfinedChild> {
  const { argv, sources } = ownProgram();
  return await sandbox.start({
    argv: [...argv, "__document-host"],
    cwd: parse(process.execPath).root,
    env: ENGINE_ENV,
    // It is our own program: where nothing can be enforced it still is a process that can be ended.
    mayRunUnsandboxed: true,
    confinement: {
      read: [...sources],
      write: [],
      execute: [],
      processes: 1,
      network: "none",
      memoryBytes: MEMORY_BYTES,
      fileBytes: 0,
      openFiles: 64,
    },
  });
}

async function converse(
  child: ConfinedChild,
  bytes: Uint8Array,
  signal: AbortSignal,
  why: () => unknown,
): Promise<string> {
  const stop = () => child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const answer = readAll(child.stdout);
    // What it says in its death is of no use to anybody, but must not fill its pipe.
    const words = readAll(child.stderr).catch(() => "");
    try {
      writeInput(child.stdin, bytes);
      await child.stdin.end();
    } catch (thrown) {
      // It ended before it had read everything; its answer, or that there is none, says why.
      if (!(thrown instanceof Error)) throw thrown;
    }
    const [text] = await Promise.all([answer, words, child.exited]);
    if (signal.aborted) throw why();
    return text;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.byteLength;
    if (size <= MAX_ANSWER) parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function documentIn(text: string, name: string): ExtractedDocument {
  let answer: HostAnswer;
  try {
    answer = JSON.parse(text) as HostAnswer;
  } catch (cause) {
    throw new AlephError("invalid_params", `"${name}" cannot be read: its reader ended without an answer`, {
      cause,
      data: { hint: "It may be broken, or made to need more memory than it may have" },
    });
  }
  if ("document" in answer) return answer.document;
  throw new AlephError("invalid_params", `"${name}" cannot be read: ${answer.fault}`);
}

/** All parts as one text, each under its name. */
export function documentText({ parts, cut }: ExtractedDocument): string {
  const texts = parts.map(({ name, text }) => (name === "" ? text : `[${name}]\n${text === "" ? "[no text]" : text}`));
  if (cut) texts.push("[there is more, which is not read]");
  return texts.join("\n\n");
}
