/** Unpacks an archive into a folder: what it is, its first bytes tell, not its name. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { AlephError } from "../../protocol/errors.ts";
import { type InstallLimits, refused } from "./entry.ts";
import { Intake } from "./intake.ts";
import { readTar } from "./tar.ts";
import { readZip } from "./zip.ts";

/** Small archives of much the same text are no bombs. */
const RATIO_FROM = 1024 * 1024;

/** `folder` is there and empty. Throws `plugin_error`; what was written before stays in the folder. */
export async function unpackArchive(file: string, folder: string, limits: InstallLimits): Promise<void> {
  const { size } = await stat(file);
  if (size > limits.archiveBytes) throw refused(`The archive is larger than ${limits.archiveBytes} bytes`);
  const head = await Bun.file(file).slice(0, 512).bytes();
  const intake = new Intake(folder, limits);
  if (head[0] === 0x50 && head[1] === 0x4b) {
    for (const entry of readZip(await Bun.file(file).bytes(), limits)) await intake.add(entry);
  } else if (head[0] === 0x1f && head[1] === 0x8b) {
    for await (const entry of readTar(gunzip(file, size, limits), limits)) await intake.add(entry);
  } else {
    throw new AlephError("plugin_error", "The file is neither a .zip nor a .tar.gz archive", {
      data: { hint: "A folder, a .zip, a .tgz or a git repository (git+https://…) can be installed" },
    });
  }
}

async function* gunzip(file: string, size: number, { ratio, totalBytes }: InstallLimits): AsyncGenerator<Uint8Array> {
  const source = createReadStream(file);
  const unpacked = source.pipe(createGunzip());
  // A pipe does not hand on what goes wrong before it.
  source.on("error", (error) => unpacked.destroy(error));
  let total = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      total += chunk.length;
      // Headers and paddings are not counted as files are; this is room enough for them.
      if (total > totalBytes * 2 || (total > RATIO_FROM && total > size * ratio)) {
        throw refused("The archive is packed too tightly");
      }
      yield chunk;
    }
  } catch (thrown) {
    if (thrown instanceof AlephError) throw thrown;
    throw refused("The archive is damaged", thrown);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}
