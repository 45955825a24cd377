/** What `aleph update` asks for: the executables themselves, compressed, and their signed description. */
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { SigningKey } from "../../src/lib/signing-key.ts";
import { type Release as Described, SIGNED_AS } from "../../src/update/release.ts";
import { archiveName, type Release, sha256Of, targetsOf } from "./release.ts";

export async function makeLatest(release: Release, key: SigningKey): Promise<readonly string[]> {
  const executables: Described["executables"] = {};
  for (const target of targetsOf(release)) {
    const path = release.executables[target]!;
    const file = `${archiveName(release, target)}.gz`;
    await pipeline(createReadStream(path), createGzip({ level: 9 }), createWriteStream(join(release.folder, file)));
    executables[target] = { file, bytes: Bun.file(path).size, sha256: await sha256Of(path) };
  }
  const described: Described = {
    format: 1,
    version: release.version,
    released_at: release.date.toISOString(),
    executables,
  };
  const text = `${JSON.stringify(described, null, 2)}\n`;
  await Bun.write(join(release.folder, "latest.json"), text);
  await Bun.write(join(release.folder, "latest.json.sig"), `${await key.sign(SIGNED_AS + text)}\n`);
  return [...Object.values(executables).map(({ file }) => file), "latest.json", "latest.json.sig"];
}
