/** One archive for each target: the executable, its licences, manual pages, completions and services. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { launchdPlist } from "../../src/service/launchd-plist.ts";
import { systemUnit, UNIT, userUnit } from "../../src/service/systemd-units.ts";
import type { TargetName } from "../bundle.ts";
import { archiveName, type Release, targetsOf } from "./release.ts";
import { run } from "./run.ts";

export async function makeArchives(release: Release): Promise<readonly string[]> {
  const made: string[] = [];
  for (const target of targetsOf(release)) made.push(await makeArchive(release, target));
  return made;
}

async function makeArchive(release: Release, target: TargetName): Promise<string> {
  const { folder, share, date, executables } = release;
  const name = archiveName(release, target);
  const tree = join(folder, name);
  const executable = target.startsWith("windows") ? "aleph-server.exe" : "aleph-server";
  mkdirSync(tree, { recursive: true });
  cpSync(executables[target]!, join(tree, executable));
  cpSync(share, join(tree, "share"), { recursive: true });
  await writeServices(tree, target);
  for (const file of ["LICENSE", "THIRD-PARTY-NOTICES.txt", "README.md", "CHANGELOG.md"])
    cpSync(file, join(tree, file));
  const file = `${name}.tar.gz`;
  // The same bytes for the same sources: names in order, one time, no owner.
  const same = [
    "--sort=name",
    `--mtime=@${Math.floor(date.getTime() / 1000)}`,
    "--owner=0",
    "--group=0",
    "--numeric-owner",
  ];
  const modes = "--mode=u+rwX,go+rX,go-w";
  await run(
    ["tar", "--create", "--format=ustar", ...same, modes, "--use-compress-program=gzip -9n", "--file", file, name],
    {
      cwd: folder,
    },
  );
  rmSync(tree, { recursive: true });
  return file;
}

/** For those who put them there by hand: `aleph service` writes them by itself. */
async function writeServices(tree: string, target: TargetName): Promise<void> {
  const description = { program: ["/usr/local/bin/aleph-server"], arguments: [] };
  if (target.startsWith("linux")) {
    await Bun.write(join(tree, "share/systemd/system", UNIT), systemUnit(description));
    await Bun.write(join(tree, "share/systemd/user", UNIT), userUnit(description));
  } else if (target.startsWith("darwin")) {
    const home = "/usr/local/var/aleph";
    await Bun.write(join(tree, "share/launchd/aleph-server.plist"), launchdPlist({ ...description, home }, home));
  }
}
