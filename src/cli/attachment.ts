/** A file as it goes with a message. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Params } from "../client/client.ts";
import { usageError } from "./failure.ts";

/** Far above what a server takes; a wrong path must not fill the memory. */
const MAX_BYTES = 256 * 1024 * 1024;

export async function readAttachment(path: string): Promise<NonNullable<Params<"agent.run">["attachments"]>[number]> {
  const found = await stat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOENT") throw thrown;
    throw usageError(`There is no file ${JSON.stringify(path)}`, "Check the path given to --attach");
  });
  if (!found.isFile()) throw usageError(`${JSON.stringify(path)} is not a file`, "Give the path of a file to --attach");
  if (found.size > MAX_BYTES) throw usageError(`${JSON.stringify(path)} is too large to send`, "Send a smaller file");
  const bytes = await readFile(path);
  return { mime: mimeOf(path, bytes), name: basename(path), data: bytes.toString("base64") };
}

/** By the name's ending; where that says nothing, text is what reads as UTF-8. */
function mimeOf(path: string, bytes: Uint8Array): string {
  const [type = ""] = Bun.file(path).type.split(";");
  if (type !== "" && type !== "application/octet-stream") return type;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return bytes.includes(0) ? "application/octet-stream" : "text/plain";
  } catch {
    return "application/octet-stream";
  }
}
