/** One host process as the server sees it: one exchange at a time, ended when it takes too long or says what it may not. */

import { describeError } from "../../../lib/log.ts";
import { createTokenBucket } from "../../../lib/token-bucket.ts";
import { writeInput } from "../../../lib/write-input.ts";
import { AlephError } from "../../../protocol/errors.ts";
import type { ConfinedChild } from "../../../sandbox/confinement.ts";
import type { ProcessHost } from "../../../sdk/runtime.ts";
import {
  type CallHead,
  type DeniedHead,
  encodeFrame,
  type FailureHead,
  FROM_HOST,
  type Frame,
  FrameReader,
  FrameTooLarge,
  type LoadHead,
  type LogHead,
  MAX_HTTP_BODY,
  type ReplyHead,
  type RequestHead,
  type ResultHead,
  TO_HOST,
} from "./frames.ts";
import { readBody } from "./http-body.ts";
import { residentBytes } from "./resident.ts";

export interface WasmChildOptions {
  readonly plugin: string;
  readonly child: ConfinedChild;
  readonly host: Pick<ProcessHost, "log" | "network" | "denied" | "limits">;
}

export interface Patience {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Exchange {
  readonly answered: PromiseWithResolvers<Frame>;
  /** Aborts when it is over, whatever came of it. */
  readonly over: AbortController;
  isAsking: boolean;
  isAnswered: boolean;
}

const HEAD_ROOM = 512 * 1024;
const OVER_MEMORY = "killed: over its memory limit";
/** Resident memory of the process besides the module's own. */
const ENGINE_BYTES = 192 * 1024 * 1024;
/** How often it is looked at while a call is under way. */
const LOOK_MS = 50;
/** Of what it wrote to standard error, for the log. */
const MAX_STDERR = 2000;

/** Disposing ends it and waits for that. */
export class WasmChild implements AsyncDisposable {
  readonly #o: WasmChildOptions;
  /** Resolves when it has ended, with the reason in words. */
  readonly ended: Promise<string>;
  /** Lines of the log; an honest process keeps within half of that. */
  readonly #lines = createTokenBucket(100, undefined, 400);
  #exchange: Exchange | undefined;
  #reason: string | undefined;
  #isReplaceable = false;
  #stderr = "";

  constructor(options: WasmChildOptions) {
    this.#o = options;
    this.ended = this.#watch();
  }

  get hasEnded(): boolean {
    return this.#reason !== undefined;
  }

  /** It was ended for the sake of one call, that took too long, say: nothing is wrong with the plugin otherwise. */
  get isReplaceable(): boolean {
    return this.#isReplaceable;
  }

  /** Throws `plugin_error` when the module cannot be used. */
  async load(head: LoadHead, module: Uint8Array, patience: Patience): Promise<void> {
    const { kind } = await this.#ask(encodeFrame(TO_HOST.load, head, module), patience);
    if (kind !== FROM_HOST.ready) throw this.#violation("answered with no answer");
  }

  /** The output; nothing when the module set none. Rejects as `PluginProcess.call`. */
  async call(head: CallHead, input: Uint8Array, patience: Patience): Promise<Uint8Array | undefined> {
    const { kind, head: result, body } = await this.#ask(encodeFrame(TO_HOST.call, head, input), patience);
    if (kind !== FROM_HOST.result) throw this.#violation("answered with no answer");
    if (body.length > this.#o.host.limits.maxAnswer) throw this.#fail("too_large", "gave too large an answer");
    return (result as Partial<ResultHead>).hasOutput === true ? body : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end("stopped");
    await this.ended;
  }

  async #ask(frame: Uint8Array, { timeoutMs, signal }: Patience): Promise<Frame> {
    if (this.#reason !== undefined) throw this.#gone(this.#reason);
    const { plugin, host } = this.#o;
    const exchange: Exchange = {
      answered: Promise.withResolvers(),
      over: new AbortController(),
      isAsking: false,
      isAnswered: false,
    };
    this.#exchange = exchange;
    const giveUp = (error: AlephError, reason: string) => {
      exchange.answered.reject(error);
      this.#isReplaceable ||= !this.hasEnded && reason !== OVER_MEMORY;
      this.#end(reason);
    };
    const timer = setTimeout(() => {
      const message = `Plugin "${plugin}" gave no answer within ${timeoutMs} ms and was ended`;
      giveUp(new AlephError("timeout", message, { data: { plugin } }), "killed: over its time limit");
    }, timeoutMs);
    const watch = setInterval(() => {
      if ((residentBytes(this.#o.child.pid) ?? 0) <= host.limits.memoryBytes + ENGINE_BYTES) return;
      giveUp(this.#error("crashed", `Plugin "${plugin}" was ended: it is over its memory limit`), OVER_MEMORY);
    }, LOOK_MS);
    const cancel = () =>
      giveUp(new AlephError("cancelled", `The call of plugin "${plugin}" was cancelled`), "cancelled");
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      if (signal?.aborted) cancel();
      else this.#write(frame);
      const answer = await exchange.answered.promise;
      if ((answer.head as Partial<ResultHead>).isSpent === true) {
        this.#isReplaceable ||= !this.hasEnded;
        this.#end("spent");
      }
      if (answer.kind === FROM_HOST.failure) throw this.#failure(answer.head);
      return answer;
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      signal?.removeEventListener("abort", cancel);
      this.#exchange = undefined;
      exchange.over.abort();
    }
  }

  async #watch(): Promise<string> {
    const { child, host, plugin } = this.#o;
    await Promise.all([this.#read(), this.#readErrors()]);
    const { exitCode, signal } = await child.exited;
    const reason = this.#reason ?? (signal === null ? `exited with code ${exitCode}` : `ended by ${signal}`);
    if (this.#reason === undefined) {
      this.#reason = reason;
      host.log.warn("wasm host process ended by itself", { plugin, reason, stderr: this.#stderr });
    }
    this.#exchange?.answered.reject(this.#gone(reason));
    return reason;
  }

  async #read(): Promise<void> {
    const { child, host } = this.#o;
    const frames = new FrameReader(Math.max(host.limits.maxAnswer, MAX_HTTP_BODY) + HEAD_ROOM);
    try {
      for await (const chunk of child.stdout) {
        // Once it is to end it is not listened to any more, but its pipe is emptied.
        if (this.hasEnded) continue;
        for (const frame of frames.push(chunk)) this.#take(frame);
      }
    } catch (thrown) {
      const error =
        thrown instanceof AlephError
          ? thrown
          : thrown instanceof FrameTooLarge
            ? this.#fail("too_large", "gave too large an answer")
            : this.#violation("said what is no message");
      this.#exchange?.answered.reject(error);
    }
  }

  #take(frame: Frame): void {
    const { host } = this.#o;
    const exchange = this.#exchange;
    if (typeof frame.head !== "object" || frame.head === null) throw this.#violation("said what is no message");
    if (!exchange || exchange.isAnswered) throw this.#violation("spoke without being asked");
    if (frame.kind === FROM_HOST.log) this.#log(frame.head as Partial<LogHead>);
    else if (frame.kind === FROM_HOST.denied) {
      host.denied("filesystem", String((frame.head as Partial<DeniedHead>).target).slice(0, 4096));
    } else if (frame.kind === FROM_HOST.request) {
      if (exchange.isAsking) throw this.#violation("asked twice at once");
      exchange.isAsking = true;
      void this.#fetch(exchange, frame.head as RequestHead, frame.body.slice());
    } else {
      exchange.isAnswered = true;
      exchange.answered.resolve(frame);
    }
  }

  #log({ level, text, dropped }: Partial<LogHead>): void {
    const { log } = this.#o.host;
    if (this.#lines.take() > 0) throw this.#violation("wrote too many lines");
    const known = (["debug", "info", "warn", "error"] as const).find((name) => name === level) ?? "info";
    if (typeof dropped === "number" && dropped > 0) log.warn("plugin output dropped", { lines: dropped });
    if (typeof text === "string" && text !== "") log[known]("plugin output", { text });
  }

  /** Goes through the door that judges it. Never rejects: what became of it is told to the module. */
  async #fetch(exchange: Exchange, { url, method, headers, hasBody }: RequestHead, sent: Uint8Array): Promise<void> {
    const { network, log } = this.#o.host;
    let reply: ReplyHead;
    let body: Uint8Array | undefined;
    try {
      const request = { url, method, headers, ...(hasBody ? { body: sent } : {}) };
      const response = await network.fetch(request, exchange.over.signal);
      body = await readBody(response, MAX_HTTP_BODY);
      reply = { status: response.status, headers: [...response.headers] };
    } catch (thrown) {
      if (!(thrown instanceof AlephError)) log.warn("plugin's request failed", describeError(thrown));
      reply = { error: thrown instanceof AlephError ? thrown.message : "The request failed" };
    }
    exchange.isAsking = false;
    if (!exchange.over.signal.aborted) this.#write(encodeFrame(TO_HOST.reply, reply, body));
  }

  async #readErrors(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#o.child.stderr) {
      this.#stderr = (this.#stderr + decoder.decode(chunk, { stream: true })).slice(-MAX_STDERR);
    }
  }

  #write(frame: Uint8Array): void {
    const { stdin } = this.#o.child;
    const gone = () => "it has ended, which whoever waits is told by its output's end";
    try {
      writeInput(stdin, frame);
      void Promise.resolve(stdin.flush()).catch(gone);
    } catch {
      gone();
    }
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#o.child.kill("SIGKILL");
  }

  #failure(head: unknown): AlephError {
    const { code, message } = head as Partial<FailureHead>;
    const text = typeof message === "string" ? message : "failed without a word";
    if (code === "unusable")
      return this.#error("unusable", `Plugin "${this.#o.plugin}" cannot be used: its module ${text}`);
    return this.#error(code === "too_large" ? code : "handler", text);
  }

  /** For what only a broken or hostile process does: it is ended. */
  #violation(what: string): AlephError {
    return this.#fail("protocol", what);
  }

  #fail(code: string, what: string): AlephError {
    this.#o.host.log.warn("wasm host process is ended", { plugin: this.#o.plugin, reason: what });
    this.#end(`killed: ${what}`);
    return this.#error(code, `Plugin "${this.#o.plugin}" ${what}`);
  }

  #gone(reason: string): AlephError {
    return this.#error("crashed", `Plugin "${this.#o.plugin}" ended during the call: ${reason}`);
  }

  #error(code: string, message: string): AlephError {
    return new AlephError("plugin_error", message, { data: { plugin: this.#o.plugin, code } });
  }
}
