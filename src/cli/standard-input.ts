/** Standard input as text, without waiting for ever on a pipe that nobody writes to. */
import { usageError } from "./failure.ts";

export interface InputOptions {
  /** The most characters that are taken. */
  readonly limit: number;
  /** How long to wait for the first byte; for ever if left out. */
  readonly patienceMs?: number;
  /** Told once when reading takes long. */
  readonly onWaiting: () => void;
}

const NOTICE_MS = 3_000;

/** Nothing when no byte came in time. Throws `invalid_params` over the limit. */
export async function readStandardInput({ limit, patienceMs, onWaiting }: InputOptions): Promise<string | undefined> {
  const reader = Bun.stdin.stream().getReader();
  const decoder = new TextDecoder();
  const notice = setTimeout(onWaiting, NOTICE_MS);
  const late = Promise.withResolvers<undefined>();
  const timer = patienceMs === undefined ? undefined : setTimeout(() => late.resolve(undefined), patienceMs);
  try {
    let text = "";
    for (;;) {
      const read = await Promise.race([reader.read(), late.promise]);
      clearTimeout(timer);
      if (read === undefined) return undefined;
      if (read.done) return text + decoder.decode();
      text += decoder.decode(read.value, { stream: true });
      if (text.length > limit) {
        throw usageError(`Standard input is longer than ${limit} characters`, "Send it as a file: --attach FILE");
      }
    }
  } finally {
    clearTimeout(notice);
    clearTimeout(timer);
    await reader.cancel();
  }
}
