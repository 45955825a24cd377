/** MCP over the pipes of a confined process: one JSON-RPC message a line (MCP 2025-11-25, "stdio"). What comes from there is not believed. */

import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { LineSplitter } from "../lib/line-splitter.ts";
import type { Log } from "../lib/log.ts";
import { isDeeperThan } from "../lib/nesting.ts";
import { Pace, readPaced } from "../lib/pace.ts";
import { printableLine } from "../lib/terminal-text.ts";
import { writeInput } from "../lib/write-input.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ConfinedChild } from "../sandbox/confinement.ts";

export interface ProcessTransportOptions {
  readonly server: string;
  readonly child: ConfinedChild;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Bytes of one message. */
const MAX_MESSAGE = 4 * 1024 * 1024;
const MAX_DEPTH = 64;
/** Bytes a second that are read without a pause. */
const STDOUT_RATE = 16 * 1024 * 1024;
const STDERR_RATE = 1024 * 1024;
/** Bytes that wait for a server that does not read. */
const MAX_UNREAD = 16 * 1024 * 1024;
/** Lines that are no message, without one between them, before it counts as broken. */
const MAX_GARBAGE = 1000;
const LOGGED_LINES = 200;
const MAX_LINE = 2000;
/** Characters of what it wrote last, for the error when it ends. */
const LAST_WORDS = 500;
/** From the end of its input to the signal that cannot be ignored. */
const STOP_GRACE_MS = 500;

export class ProcessTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport["onmessage"];
  readonly #o: ProcessTransportOptions;
  readonly #gone = new AbortController();
  #unread = 0;
  #garbage = 0;
  #logged = 0;
  #lastWords = "";
  #delivered: Promise<void> = Promise.resolve();
  #killed: string | undefined;
  #ended: Promise<void> | undefined;
  /** Why it ended, once it has. */
  reason: string | undefined;

  constructor(options: ProcessTransportOptions) {
    this.#o = options;
  }

  async start(): Promise<void> {
    this.#ended = this.#live();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.reason !== undefined || this.#gone.signal.aborted) throw this.#over();
    const line = `${JSON.stringify(message)}\n`;
    const { stdin } = this.#o.child;
    try {
      writeInput(stdin, line);
      this.#unread += line.length;
      if (this.#unread > MAX_UNREAD) this.#kill("killed: it does not read what it is sent");
      const flushed = stdin.flush();
      if (typeof flushed !== "number") await flushed;
      this.#unread -= line.length;
    } catch {
      // It has ended, which is told below.
      throw this.#over();
    }
  }

  async close(): Promise<void> {
    this.#killed ??= "stopped";
    const { child } = this.#o;
    try {
      // The way to end a server that the specification names.
      await child.stdin.end();
    } catch {
      // It has ended already.
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    await (this.#ended ?? child.exited);
    clearTimeout(timer);
    await child[Symbol.asyncDispose]();
  }

  async #live(): Promise<void> {
    const { child } = this.#o;
    const reading = Promise.all([this.#readMessages(), this.#readPrints()]);
    const { exitCode, signal } = await child.exited;
    this.#gone.abort();
    await reading;
    await this.#delivered;
    const how = this.#killed ?? (signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`);
    this.reason = this.#lastWords === "" || this.#killed ? how : `${how}: ${this.#lastWords}`;
    await child[Symbol.asyncDispose]();
    this.onclose?.();
  }

  #over(): AlephError {
    const { server } = this.#o;
    // A request may meet the end before all that was written has been read.
    const why = this.reason ?? this.#killed ?? "ended";
    return new AlephError("mcp_error", `MCP server "${server}" ${why}`, { data: { server, code: "crashed" } });
  }

  #kill(why: string): void {
    this.#killed ??= why;
    this.#o.child.kill("SIGKILL");
  }

  async #readMessages(): Promise<void> {
    const splitter = new LineSplitter({
      maxLine: MAX_MESSAGE,
      onLine: (line) => this.#line(line),
      onTooLong: (head) => this.#tooLong(head),
    });
    const pace = new Pace({ rate: STDOUT_RATE, now: this.#o.now });
    await readPaced(this.#o.child.stdout, pace, this.#gone.signal, (chunk) => splitter.push(chunk));
    splitter.end();
  }

  async #readPrints(): Promise<void> {
    const splitter = new LineSplitter({
      maxLine: 16 * 1024,
      onLine: (line) => this.#print(line),
      onTooLong: (head) => this.#print(`${head}…`),
    });
    const pace = new Pace({ rate: STDERR_RATE, now: this.#o.now });
    await readPaced(this.#o.child.stderr, pace, this.#gone.signal, (chunk) => splitter.push(chunk));
    splitter.end();
  }

  #line(line: string): void {
    const message = parse(line);
    if (message) {
      this.#garbage = 0;
      this.#deliver(message);
      return;
    }
    this.#print(line);
    if (++this.#garbage > MAX_GARBAGE) this.#kill("killed: what it writes are no MCP messages");
  }

  /** An answer that is too long is an error for who waits for it; anything else cannot be known and ends it. */
  #tooLong(head: string): void {
    const id = /^\{(?:"jsonrpc":\s*"2\.0",\s*)?"id":\s*(\d{1,15})\b/.exec(head.replace(/^\{\s+/, "{"))?.[1];
    const message = `MCP server "${this.#o.server}" gave an answer of more than ${MAX_MESSAGE} bytes`;
    this.#o.log.warn("mcp server sent a message that is too long", { head: head.slice(0, 80) });
    if (id === undefined) this.#kill("killed: it sent a message that is too long");
    else this.#deliver({ jsonrpc: "2.0", id: Number(id), error: { code: -32008, message } });
  }

  /** One after the other: the SDK takes a notification a moment later, and an answer that came with it must not pass it. */
  #deliver(message: JSONRPCMessage): void {
    this.#delivered = this.#delivered
      .then(() => this.onmessage?.(message))
      .catch((thrown: unknown) => this.onerror?.(thrown instanceof Error ? thrown : new Error(String(thrown))));
  }

  /** For people: at most so many lines of one process go into the log. */
  #print(line: string): void {
    const text = printableLine(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);
    this.#lastWords = `${this.#lastWords} ${text}`.trim().slice(-LAST_WORDS);
    if (this.#logged > LOGGED_LINES) return;
    if (this.#logged++ < LOGGED_LINES) this.#o.log.info("mcp server output", { text });
    else this.#o.log.info("mcp server output is not logged any more", { lines: LOGGED_LINES });
  }
}

function parse(line: string): JSONRPCMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // What a program prints; it is logged.
    return undefined;
  }
  const isMessage = typeof value === "object" && value !== null && "jsonrpc" in value && value.jsonrpc === "2.0";
  return isMessage && !isDeeperThan(value, MAX_DEPTH) ? (value as JSONRPCMessage) : undefined;
}
