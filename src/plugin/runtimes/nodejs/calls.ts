/** The calls that a plugin's process has been given: each ends once, by its answer, in time or by the process's end. */
import { AlephError } from "../../../protocol/errors.ts";
import type { PluginCall, ProcessLimits } from "../../../sdk/runtime.ts";
import type { Call } from "./messages.ts";
import { Parts } from "./parts.ts";
import { type Answer, isId, type Pipe } from "./pipe.ts";

export interface CallsOptions {
  readonly plugin: string;
  readonly pipe: Pick<Pipe, "request" | "notify">;
  readonly limits: ProcessLimits;
  /** A call that is over does not stop. */
  readonly onHung: (why: string) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AlephError) => void;
  readonly parts: Parts | undefined;
  /** What it ends with whatever is answered now: that is then only a sign of life. */
  over: AlephError | undefined;
  timer: Timer | undefined;
}

/** For code to answer that it stops, after its time was over. */
const TIMEOUT_GRACE_MS = 100;
/** The same after it was cancelled, which is no fault of its own. */
const CANCEL_GRACE_MS = 2000;

export class Calls {
  readonly #o: CallsOptions;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  /** Why there will be no more answers. */
  #gone: string | undefined;

  constructor(options: CallsOptions) {
    this.#o = options;
  }

  has(id: number): boolean {
    return this.#waiting.has(id);
  }

  /** A request of the runtime itself. */
  ask(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    return this.#begin(method, params, undefined, timeoutMs).result;
  }

  async call({ handler, args, context = {}, signal, timeoutMs = this.#o.limits.timeoutMs }: PluginCall) {
    const params: Call = { handler, args: args ?? null, context, stream: false };
    if (signal.aborted) throw this.#cancelled();
    const { id, result } = this.#begin("call", params, undefined, timeoutMs);
    const abort = () => this.#stop(id, this.#cancelled(), CANCEL_GRACE_MS);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return valueIn(await result);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async *stream({ handler, args, context = {}, signal, timeoutMs = this.#o.limits.timeoutMs }: PluginCall) {
    const params: Call = { handler, args: args ?? null, context, stream: true };
    if (signal.aborted) throw this.#cancelled();
    const parts = new Parts();
    const { id, result } = this.#begin("call", params, parts, timeoutMs);
    const abort = () => this.#stop(id, this.#cancelled(), CANCEL_GRACE_MS);
    signal.addEventListener("abort", abort, { once: true });
    result.then(
      () => parts.end(undefined),
      (error: AlephError) => parts.end(error),
    );
    let owed = Parts.WINDOW;
    try {
      for (;;) {
        if (owed >= Parts.WINDOW / 2) {
          this.#o.pipe.notify("more", { id, count: owed });
          owed = 0;
        }
        // Time runs only while the plugin is waited for.
        if (parts.isEmpty) this.#startTimer(id, timeoutMs);
        const part = await parts.next();
        this.#stopTimer(id);
        if (!part) return;
        owed++;
        yield part.value;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#stop(id, this.#cancelled(), CANCEL_GRACE_MS);
    }
  }

  answer(id: number, answer: Answer): void {
    const waiting = this.#take(id);
    if (!waiting) return;
    if ("result" in answer) waiting.resolve(answer.result);
    else waiting.reject(this.#errorOf(answer.error.message, answer.error.data));
  }

  tooLarge(id: number): void {
    const { maxAnswer } = this.#o.limits;
    this.#take(id)?.reject(this.#error("too_large", `${this.#name} gave an answer of more than ${maxAnswer} bytes`));
  }

  part({ id, value }: Record<string, unknown>): boolean {
    const waiting = isId(id) ? this.#waiting.get(id) : undefined;
    return waiting?.parts?.push(value ?? null) ?? false;
  }

  crashed(reason: string): void {
    this.#gone = reason;
    for (const id of [...this.#waiting.keys()]) {
      this.#take(id)?.reject(this.#error("crashed", `${this.#name} ended before it answered: ${reason}`));
    }
  }

  get #name(): string {
    return `Plugin "${this.#o.plugin}"`;
  }

  #begin(method: string, params: unknown, parts: Parts | undefined, timeoutMs: number) {
    const id = ++this.#last;
    const { promise: result, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#gone !== undefined) {
      reject(this.#error("crashed", `${this.#name} ended before the call: ${this.#gone}`));
      return { id, result };
    }
    this.#waiting.set(id, { resolve, reject, parts, over: undefined, timer: undefined });
    this.#startTimer(id, timeoutMs);
    this.#o.pipe.request(id, method, params);
    return { id, result };
  }

  #startTimer(id: number, timeoutMs: number): void {
    const waiting = this.#waiting.get(id);
    if (!waiting || waiting.over) return;
    clearTimeout(waiting.timer);
    waiting.timer = setTimeout(() => {
      const error = new AlephError("timeout", `${this.#name} did not answer within ${timeoutMs} ms`, {
        data: { plugin: this.#o.plugin },
      });
      this.#stop(id, error, TIMEOUT_GRACE_MS);
    }, timeoutMs);
  }

  #stopTimer(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting && !waiting.over) clearTimeout(waiting.timer);
  }

  /**
   * The code has the grace to show that it listens. Whoever cancelled does not wait for that; whoever is told of a timeout
   * finds the process well or ended, and not about to be killed.
   */
  #stop(id: number, error: AlephError, graceMs: number): void {
    const waiting = this.#waiting.get(id);
    if (!waiting || waiting.over) return;
    waiting.over = error;
    const isLate = error.reason === "timeout";
    if (!isLate) waiting.reject(error);
    clearTimeout(waiting.timer);
    this.#o.pipe.notify("cancel", { id });
    const why = isLate ? "killed: it went on after its time was over" : "killed: it did not stop when it was told to";
    waiting.timer = setTimeout(() => this.#o.onHung(why), graceMs);
  }

  /** Nothing when it is over already, which the caller is told then at the latest. */
  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    if (!waiting?.over) return waiting;
    waiting.reject(waiting.over);
    return undefined;
  }

  #cancelled(): AlephError {
    return new AlephError("cancelled", `The call of ${this.#name} was cancelled`);
  }

  #errorOf(message: string, { code, ...place }: Record<string, unknown>): AlephError {
    if (code === "start") return new AlephError("plugin_error", message, { data: { ...place, code } });
    const known = code === "handler" || code === "too_large" ? code : "protocol";
    return this.#error(known, message);
  }

  #error(code: string, message: string): AlephError {
    return new AlephError("plugin_error", message, { data: { plugin: this.#o.plugin, code } });
  }
}

function valueIn(result: unknown): unknown {
  return (result as { readonly value?: unknown } | null)?.value ?? null;
}
