/** The server's end of the pipes to a plugin's process. Nothing that comes from there is believed before it was checked. */

import { LineSplitter } from "../../../lib/line-splitter.ts";
import { describeError } from "../../../lib/log.ts";
import { isDeeperThan } from "../../../lib/nesting.ts";
import { Pace, readPaced } from "../../../lib/pace.ts";
import { writeInput } from "../../../lib/write-input.ts";
import type { ConfinedChild } from "../../../sandbox/confinement.ts";
import type { OutputLog } from "./output-log.ts";

export interface PipeOptions {
  readonly child: ConfinedChild;
  readonly output: OutputLog;
  readonly now: () => number;
  /** Bytes that the answer to a request may have; nothing when there is no such request. */
  readonly maxAnswer: (id: number) => number | undefined;
  readonly onAnswer: (id: number, answer: Answer) => void;
  readonly onTooLarge: (id: number) => void;
  /** A request when it has an id. Throws or returns false for what is none. */
  readonly onMessage: (method: string, params: Record<string, unknown>, id: number | undefined) => boolean;
  /** It does not read what it is sent. */
  readonly onStuck: () => void;
}

export type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly message: string; readonly data: Record<string, unknown> } };

/** Bytes of a line that is no answer. */
const MAX_LINE = 1024 * 1024;
const MAX_DEPTH = 64;
/** Bytes a second that nobody asked for: parts of streams, requests, notifications, and what is no message at all. */
const STDOUT_RATE = 16 * 1024 * 1024;
const STDERR_RATE = 4 * 1024 * 1024;
/** What a message costs besides its bytes. */
const MESSAGE_COST = 512;
/** Bytes that wait for a plugin that does not read. */
const MAX_UNREAD = 32 * 1024 * 1024;
/** As our side of the process writes answers. */
const ANSWER = /^\{"jsonrpc":"2\.0","id":(\d{1,15}),"(?:result|error)":/;

export class Pipe {
  readonly #o: PipeOptions;
  readonly #gone = new AbortController();
  readonly #pace: Pace;
  #unread = 0;
  #flushing = false;

  constructor(options: PipeOptions) {
    this.#o = options;
    this.#pace = new Pace({ rate: STDOUT_RATE, now: options.now });
  }

  /** Reads until both pipes end. */
  async read(): Promise<void> {
    await Promise.all([this.#readMessages(), this.#readPrints()]);
    this.#o.output.end();
  }

  /** Whatever is read from now on is read without a pause. */
  hurry(): void {
    this.#gone.abort();
  }

  request(id: number, method: string, params: unknown): void {
    this.#send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${JSON.stringify(params)}}\n`);
  }

  notify(method: string, params: unknown): void {
    this.#send(`{"jsonrpc":"2.0","method":"${method}","params":${JSON.stringify(params)}}\n`);
  }

  answer(id: number, result: unknown): void {
    this.#send(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}\n`);
  }

  fail(id: number, message: string, reason: string): void {
    const error = { code: -32000, message, data: { reason } };
    this.#send(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}\n`);
  }

  #send(line: string): void {
    if (this.#gone.signal.aborted) return;
    const { stdin } = this.#o.child;
    try {
      writeInput(stdin, line);
      this.#unread += line.length;
      if (!this.#flushing) void this.#flush();
    } catch {
      // It has ended, which `exited` tells.
      return;
    }
    if (this.#unread > MAX_UNREAD) this.#o.onStuck();
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      // What was written while it waited goes with the next round.
      while (this.#unread > 0) {
        const size = this.#unread;
        const flushed = this.#o.child.stdin.flush();
        if (typeof flushed !== "number") await flushed;
        this.#unread -= size;
      }
    } catch {
      // It has ended, which `exited` tells.
    } finally {
      this.#flushing = false;
    }
  }

  async #readMessages(): Promise<void> {
    const splitter = new LineSplitter({
      maxLine: MAX_LINE,
      limitFor: (head) => {
        const id = answeredId(head);
        return (id === undefined ? undefined : this.#o.maxAnswer(id)) ?? 0;
      },
      onLine: (line) => this.#line(line),
      onTooLong: (head) => {
        const id = answeredId(head);
        if (id !== undefined && this.#o.maxAnswer(id) !== undefined) this.#o.onTooLarge(id);
        else this.#o.output.warn("plugin sent a line that is too long", { head: head.slice(0, 80) });
      },
    });
    await readPaced(this.#o.child.stdout, this.#pace, this.#gone.signal, (chunk) => splitter.push(chunk));
    splitter.end();
  }

  async #readPrints(): Promise<void> {
    const { output } = this.#o;
    const splitter = new LineSplitter({
      maxLine: 16 * 1024,
      onLine: (line) => output.line(line),
      onTooLong: (head) => output.line(`${head}…`),
    });
    const pace = new Pace({ rate: STDERR_RATE, now: this.#o.now });
    await readPaced(this.#o.child.stderr, pace, this.#gone.signal, (chunk) => {
      if (output.isFull) output.drop(chunk.length);
      else splitter.push(chunk);
    });
    splitter.end();
  }

  #line(line: string): void {
    this.#pace.spend(MESSAGE_COST);
    const message = line.startsWith('{"jsonrpc"') ? parse(line) : undefined;
    if (message === undefined) {
      this.#o.output.line(line);
    } else if (typeof message.method === "string") {
      this.#message(message.method, message);
    } else {
      this.#answer(message, line.length);
    }
  }

  #message(method: string, { params, id }: Record<string, unknown>): void {
    const isForm = isObject(params) && (id === undefined || isId(id)) && !isDeeperThan(params, MAX_DEPTH);
    if (!isForm || !this.#isTaken(method, params, id))
      this.#o.output.warn("plugin sent a message that is not valid", { method: method.slice(0, 80) });
  }

  #isTaken(method: string, params: Record<string, unknown>, id: number | undefined): boolean {
    try {
      return this.#o.onMessage(method, params, id);
    } catch (thrown) {
      // Nobody waits for the reading of a pipe: what is thrown here would end the server.
      this.#o.output.warn("message of a plugin failed", { method: method.slice(0, 80), ...describeError(thrown) });
      return true;
    }
  }

  #answer({ id, result, error }: Record<string, unknown>, size: number): void {
    const { output, onAnswer, maxAnswer } = this.#o;
    if (!isId(id) || maxAnswer(id) === undefined) {
      output.warn("plugin answered what it was not asked", { id: isId(id) ? id : null });
      return;
    }
    // It was waited for.
    this.#pace.refund(size + MESSAGE_COST);
    if (isObject(error) && typeof error.message === "string") {
      onAnswer(id, { error: { message: error.message, data: isObject(error.data) ? error.data : {} } });
    } else if (result !== undefined && !isDeeperThan(result, MAX_DEPTH)) {
      onAnswer(id, { result });
    } else {
      onAnswer(id, { error: { message: "The plugin's answer is not valid", data: { code: "protocol" } } });
    }
  }
}

function answeredId(head: string): number | undefined {
  const id = ANSWER.exec(head)?.[1];
  return id === undefined ? undefined : Number(id);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) && value.jsonrpc === "2.0" ? value : undefined;
  } catch {
    // No message: it is logged as what the plugin prints.
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
