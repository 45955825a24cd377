/** Packages for npm: one small one that people install, and one for each platform with its executable, of which npm takes the one that fits. */
import { chmodSync, cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TargetName } from "../bundle.ts";
import { type Release, targetsOf } from "./release.ts";
import { run } from "./run.ts";

const SCOPE = "@aleph-server";

export async function makeNpmPackages(release: Release): Promise<readonly string[]> {
  const { version, folder } = release;
  const targets = targetsOf(release).filter((target) => !target.endsWith("-baseline"));
  const common = { version, license: "Apache-2.0", homepage: release.url };
  const made: string[] = [];
  for (const target of targets) {
    const tree = join(folder, "npm", target);
    const file = target.startsWith("windows") ? "aleph-server.exe" : "aleph-server";
    await writePackage(tree, {
      name: `${SCOPE}/${target}`,
      ...common,
      description: `The executable of aleph-server for ${target}`,
      ...platformOf(target),
      files: ["bin", "THIRD-PARTY-NOTICES.txt"],
      preferUnplugged: true,
    });
    cpSync(release.executables[target]!, join(tree, "bin", file));
    chmodSync(join(tree, "bin", file), 0o755);
    cpSync("THIRD-PARTY-NOTICES.txt", join(tree, "THIRD-PARTY-NOTICES.txt"));
    made.push(await pack(tree, folder));
  }
  const tree = join(folder, "npm", "aleph-server");
  await writePackage(tree, {
    name: "aleph-server",
    ...common,
    description: "A personal AI assistant that you host yourself, in one executable",
    bin: { aleph: "bin/aleph.js", "aleph-server": "bin/aleph.js" },
    files: ["bin"],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(targets.map((target) => [`${SCOPE}/${target}`, version])),
  });
  cpSync(join(import.meta.dir, "npm-launcher.js"), join(tree, "bin", "aleph.js"));
  chmodSync(join(tree, "bin", "aleph.js"), 0o755);
  cpSync("README.md", join(tree, "README.md"));
  made.push(await pack(tree, folder));
  rmSync(join(folder, "npm"), { recursive: true });
  return made;
}

function platformOf(target: TargetName) {
  const [system, cpu, libc] = target.split("-") as [string, string, string | undefined];
  return {
    os: [system === "windows" ? "win32" : system],
    cpu: [cpu],
    ...(system === "linux" ? { libc: [libc ?? "glibc"] } : {}),
  };
}

async function writePackage(tree: string, manifest: object): Promise<void> {
  await Bun.write(join(tree, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync("LICENSE", join(tree, "LICENSE"));
}

/** The name of the file that npm made. */
async function pack(tree: string, to: string): Promise<string> {
  return (await run(["npm", "pack", "--silent", "--pack-destination", resolve(to)], { cwd: tree })).trim();
}
