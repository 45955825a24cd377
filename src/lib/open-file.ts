/** Opens a file that somebody else can replace: no link is followed, and a pipe in its place holds nobody up. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** For reading. Nothing for what is no regular file; rejects with the system's error (`ELOOP` for a link, `ENOENT`, …). */
export async function openFile(path: string): Promise<FileHandle | undefined> {
  // Windows has neither.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if ((await file.stat()).isFile()) return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  await file.close();
  return undefined;
}
