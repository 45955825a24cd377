/** Whether a database is sound, as SQLite says, and its version; read by a worker, so that a large one holds nobody up. */
import type { Answer } from "./database-worker.ts";

/** As text: a compiled executable has no file for a worker to be started from. */
const loadSource = (): Promise<unknown> => import("./database-worker.ts", { with: { type: "text" } });

export interface Checked {
  /** `ok`, or the first thing that is wrong. */
  readonly said: string;
  readonly version: number;
}

/** Rejects when the file cannot be read as a database. */
export async function quickCheck(path: string): Promise<Checked> {
  const carried = (await loadSource()) as { readonly default: string };
  const url = URL.createObjectURL(new Blob([carried.default], { type: "application/typescript" }));
  const worker = new Worker(url);
  const { promise, resolve, reject } = Promise.withResolvers<Checked>();
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.said === undefined || data.version === undefined) reject(new Error(data.error));
    else resolve({ said: data.said, version: data.version });
  });
  worker.addEventListener("error", ({ message }) => reject(new Error(message)));
  worker.postMessage(path);
  try {
    return await promise;
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}
