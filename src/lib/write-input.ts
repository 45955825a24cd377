/** Writing to the input of a process that may have ended. */

/**
 * Throws as `write` does when nobody reads any more. Bun may say the same by a promise that is rejected, which its types do
 * not have: that the process ended is told by its `exited`, so nothing more is made of it.
 */
export function writeInput(stdin: Pick<Bun.FileSink, "write">, chunk: string | Uint8Array<ArrayBufferLike>): void {
  const written: unknown = stdin.write(chunk as string | Uint8Array<ArrayBuffer>);
  if (written instanceof Promise) written.catch(() => "it has ended");
}
