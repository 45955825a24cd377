/** Lines that are typed while something else goes on; the terminal itself echoes and edits them. */
import type { ReadStream } from "node:tty";

export interface Lines extends Disposable {
  /** Gets each line from now on; the newest one that was set. */
  onLine: (line: string) => void;
  /** Resolves when there will be no more. */
  readonly ended: Promise<void>;
}

export function readLines(input: ReadStream): Lines {
  const decoder = new TextDecoder();
  const ended = Promise.withResolvers<void>();
  let rest = "";
  const onData = (bytes: Uint8Array) => {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) lines.onLine(line.replace(/\r$/, ""));
  };
  const onEnd = () => ended.resolve();
  const lines: Lines = {
    onLine: () => undefined,
    ended: ended.promise,
    [Symbol.dispose]() {
      input.off("data", onData);
      input.off("end", onEnd);
      input.pause();
    },
  };
  input.on("data", onData);
  input.once("end", onEnd);
  input.resume();
  return lines;
}
