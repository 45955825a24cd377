/** All forms of a release, and the sums of all its files. */
import { join } from "node:path";
import type { SigningKey } from "../../src/lib/signing-key.ts";
import { makeArchives } from "./archives.ts";
import { makeContainerfile } from "./containerfile.ts";
import { makeDebs } from "./deb.ts";
import { makeFormula } from "./formula.ts";
import { makeInstallScript } from "./install-script.ts";
import { makeLatest } from "./latest.ts";
import { makeNpmPackages } from "./npm.ts";
import { type Release, sha256Of } from "./release.ts";
import { makeSbom } from "./sbom.ts";

/** The files that were made, by their paths in the folder. */
export async function makeRelease(release: Release, key: SigningKey): Promise<readonly string[]> {
  const archives = await makeArchives(release);
  const files = [
    ...archives,
    ...(await makeLatest(release, key)),
    ...(await makeNpmPackages(release)),
    ...(await makeDebs(release)),
    await makeSbom(release),
    await makeInstallScript(release),
    await makeFormula(release),
    await makeContainerfile(release),
  ];
  const lines = await Promise.all(
    files.map(async (file) => `${await sha256Of(join(release.folder, file))}  ${file}\n`),
  );
  // The second is that of this version still when a newer one has come into the same folder.
  const sums = ["SHA256SUMS", `SHA256SUMS-${release.version}`];
  for (const file of sums) await Bun.write(join(release.folder, file), lines.join(""));
  return [...files, ...sums];
}
