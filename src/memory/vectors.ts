/** Nearest vectors, found by a worker that is started when it is first asked and ends when nobody asks any more. */
import { AlephError } from "../protocol/errors.ts";
import type { Namespace } from "./fact.ts";

export interface NearestFact {
  /** Row id. */
  readonly fact: number;
  /** Cosine of the angle, -1 to 1. */
  readonly score: number;
}

export interface VectorsOptions {
  /** The database file; the worker reads it with a connection of its own. */
  readonly path: string;
  /** How long it stays when nobody asks: it holds the vectors in memory. Default: two minutes. */
  readonly idleMs?: number;
}

interface Answer {
  readonly id: number;
  readonly found?: readonly NearestFact[];
  readonly error?: string;
}

const IDLE_MS = 120_000;

/** As text: a compiled executable has no file for a worker to be started from. */
const loadSource = (): Promise<unknown> => import("./vector-worker.ts", { with: { type: "text" } });

export class Vectors implements Disposable {
  readonly #o: VectorsOptions;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly NearestFact[]>>();
  #worker: Promise<Worker> | undefined;
  #idle: Timer | undefined;
  #asked = 0;

  constructor(options: VectorsOptions) {
    this.#o = options;
  }

  /** Nearest first. Rejects when there can be no worker. */
  async nearest(
    { agent, owner }: Namespace,
    { model, vector, limit }: { readonly model: string; readonly vector: Int8Array; readonly limit: number },
  ): Promise<readonly NearestFact[]> {
    const id = ++this.#asked;
    const answer = Promise.withResolvers<readonly NearestFact[]>();
    this.#waiting.set(id, answer);
    // Awaited below; the worker may fail before.
    answer.promise.catch(() => "told to the caller");
    clearTimeout(this.#idle);
    try {
      this.#worker ??= this.#start();
      (await this.#worker).postMessage({ id, path: this.#o.path, model, agent, owner, vector, limit });
      return await answer.promise;
    } finally {
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#endWhenIdle();
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    this.#end(new AlephError("cancelled", "Server is stopping"));
  }

  async #start(): Promise<Worker> {
    const carried = (await loadSource()) as { readonly default: string };
    const url = URL.createObjectURL(new Blob([carried.default], { type: "application/typescript" }));
    const worker = new Worker(url, { ref: false });
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const answer = this.#waiting.get(data.id);
      if (data.found) answer?.resolve(data.found);
      else answer?.reject(new AlephError("internal", "Vectors cannot be compared", { cause: new Error(data.error) }));
    });
    worker.addEventListener("error", ({ message }) => {
      this.#end(new AlephError("internal", "Vectors cannot be compared", { cause: new Error(message) }));
    });
    return worker;
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(), this.#o.idleMs ?? IDLE_MS);
    this.#idle.unref();
  }

  #end(why?: AlephError): void {
    const worker = this.#worker;
    this.#worker = undefined;
    if (why) for (const answer of this.#waiting.values()) answer.reject(why);
    worker?.then(
      (started) => started.terminate(),
      () => "it never began",
    );
  }
}

/** Of length 1 and a byte for each dimension; one of length 0 stays so. */
export function quantize(vector: readonly number[]): Int8Array<ArrayBuffer> {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = sum > 0 ? Math.sqrt(sum) : 1;
  return Int8Array.from(vector, (value) => Math.round((value / length) * 127));
}
