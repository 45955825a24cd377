/** Takes stored files from a server into a folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileEndingOf } from "../lib/file-ending.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Invocation } from "./command.ts";
import { findServer } from "./connection.ts";
import { usageError } from "./failure.ts";
import type { ServerFlags } from "./flags.ts";
import { pinnedFetch } from "./pinned-fetch.ts";

export interface Linked {
  readonly media_id: string;
  /** Path and query on the server's own address. */
  readonly url: string;
  readonly name?: string | undefined;
  readonly mime?: string | undefined;
}

/** The paths of the files, none of which was there before. Throws `AlephError`. */
export async function saveMedia(
  media: readonly Linked[],
  { output: folder = ".", ...flags }: ServerFlags & { readonly output?: string | undefined },
  { terminal, env }: Pick<Invocation, "terminal" | "env">,
): Promise<readonly string[]> {
  const { origin, certificate } = await findServer(flags, env);
  const get = certificate === undefined ? fetch : pinnedFetch(certificate);
  await mkdir(folder, { recursive: true }).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "EEXIST" && thrown.code !== "ENOTDIR") throw thrown;
    throw usageError(`${JSON.stringify(folder)} is not a folder`, "Name another one with --output");
  });
  const paths: string[] = [];
  for (const { url, name, media_id, mime } of media) {
    const answer = await get(new URL(url, origin));
    if (!answer.ok) {
      throw new AlephError("not_found", `The server does not give the file ${media_id} (${answer.status})`, {
        data: { hint: "Links end after an hour: ask again" },
      });
    }
    const type = mime ?? answer.headers.get("content-type") ?? "";
    const own = basename(name ?? `${media_id.slice(0, 18)}.${fileEndingOf(type)}`);
    paths.push(await writeNew(resolve(folder, own), new Uint8Array(await answer.arrayBuffer())));
  }
  if (paths.length > 0) terminal.err.write(`Saved ${paths.length === 1 ? "one file" : `${paths.length} files`}\n`);
  return paths;
}

/** Beside what is there already. */
async function writeNew(path: string, bytes: Uint8Array): Promise<string> {
  const dot = path.lastIndexOf(".");
  const [stem, ending] = dot > path.lastIndexOf("/") ? [path.slice(0, dot), path.slice(dot)] : [path, ""];
  for (let copy = 1; ; copy++) {
    const free = copy === 1 ? path : `${stem}-${copy}${ending}`;
    try {
      await writeFile(free, bytes, { flag: "wx" });
      return free;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
  }
}
