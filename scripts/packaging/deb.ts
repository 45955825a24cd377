/** Packages for Debian and its kin: the executable with what belongs to it, and services that nobody is made to start. */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { systemUnit, UNIT, userUnit } from "../../src/service/systemd-units.ts";
import type { TargetName } from "../bundle.ts";
import { changelog, copyright, LINTIAN_OVERRIDES, README_DEBIAN, SCRIPTS } from "./debian-texts.ts";
import type { Release } from "./release.ts";
import { run } from "./run.ts";

export const PACKAGE = "aleph-server";

/** The first of these that was built: a package must start on every processor of its architecture. */
const ARCHITECTURES: Readonly<Record<string, readonly TargetName[]>> = {
  amd64: ["linux-x64-baseline", "linux-x64"],
  arm64: ["linux-arm64"],
};

/** Where files of dist/share lie in Debian, when it is another place. */
const ZSH = ["share/zsh/site-functions", "share/zsh/vendor-completions"] as const;

/** `1.0.0-rc.1` comes before `1.0.0` for dpkg only with a tilde. */
export function debianVersion(version: string): string {
  return `${version.replace("-", "~")}-1`;
}

/** The names of the files that were made. */
export async function makeDebs(release: Release): Promise<readonly string[]> {
  const made: string[] = [];
  for (const [architecture, targets] of Object.entries(ARCHITECTURES)) {
    const executable = targets.map((target) => release.executables[target]).find((path) => path !== undefined);
    if (executable !== undefined) made.push(await makeDeb(release, architecture, executable));
  }
  return made;
}

async function makeDeb(release: Release, architecture: string, executable: string): Promise<string> {
  const version = debianVersion(release.version);
  const file = `${PACKAGE}_${version}_${architecture}.deb`;
  const tree = join(release.folder, `${PACKAGE}-${architecture}`);
  const seconds = Math.floor(release.date.getTime() / 1000);
  rmSync(tree, { recursive: true, force: true });
  await fill(tree, release, executable);
  const [size = "0"] = (await run(["du", "--summarize", "--block-size=1024", "--apparent-size", tree])).split("\t");
  await writeControl(tree, release, { version, architecture, size, libc: await libcOf(executable) });
  // The same bytes for the same sources: one time, no owner, rights of our own.
  await run(["find", tree, "-exec", "touch", "--no-dereference", `--date=@${seconds}`, "{}", "+"]);
  // Not xz: it takes minutes, and what it saves is less than a quarter.
  const build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z6", "--build", tree, join(release.folder, file)];
  await run(build, { env: { SOURCE_DATE_EPOCH: String(seconds) } });
  rmSync(tree, { recursive: true });
  return file;
}

async function fill(tree: string, release: Release, executable: string): Promise<void> {
  const usr = join(tree, "usr");
  const doc = join(usr, "share/doc", PACKAGE);
  const put = async (path: string, data: string | Uint8Array) => {
    await Bun.write(path, data);
    chmodSync(path, 0o644);
  };
  const packed = (text: string | Uint8Array) => gzipSync(text, { level: 9 });
  mkdirSync(join(usr, "bin"), { recursive: true });
  cpSync(executable, join(usr, "bin/aleph-server"));
  chmodSync(join(usr, "bin/aleph-server"), 0o755);
  for (const name of [...new Bun.Glob("**").scanSync(release.share)].toSorted()) {
    const path = join(usr, join("share", name).replace(...ZSH));
    // TeX has a program and a page of the name aleph: those of ours are links that the postinst makes where they may be.
    if (!name.startsWith("man/")) await put(path, readFileSync(join(release.share, name)));
    else if (basename(name) === "aleph.1") {
      await put(join(dirname(path), "aleph-server.1.gz"), packed(readFileSync(join(release.share, name))));
    }
  }
  const description = { program: ["/usr/bin/aleph-server"], arguments: [] };
  await put(join(usr, "lib/systemd/system", UNIT), systemUnit(description));
  await put(join(usr, "lib/systemd/user", UNIT), userUnit(description));
  await put(join(doc, "copyright"), copyright(await Bun.file("THIRD-PARTY-NOTICES.txt").text(), release));
  await put(join(doc, "changelog.gz"), packed(readFileSync("CHANGELOG.md")));
  await put(join(doc, "changelog.Debian.gz"), packed(changelog(release, debianVersion(release.version))));
  await put(join(doc, "README.Debian"), README_DEBIAN);
  await put(join(usr, "share/lintian/overrides", PACKAGE), LINTIAN_OVERRIDES);
  // What made the folders may have had another umask.
  await run(["find", tree, "-type", "d", "-exec", "chmod", "755", "{}", "+"]);
}

interface Control {
  readonly version: string;
  readonly architecture: string;
  /** Of what is installed, in KiB. */
  readonly size: string;
  readonly libc: string | undefined;
}

async function writeControl(tree: string, { url, maintainer }: Release, control: Control): Promise<void> {
  const folder = join(tree, "DEBIAN");
  const sums = (await run(["find", "usr", "-type", "f", "-printf", "%p\\n"], { cwd: tree })).trim().split("\n");
  const lines = await run(["md5sum", ...sums.toSorted()], { cwd: tree });
  await Bun.write(join(folder, "md5sums"), lines);
  await Bun.write(
    join(folder, "control"),
    `Package: ${PACKAGE}
Version: ${control.version}
Architecture: ${control.architecture}
Maintainer: ${maintainer}
Installed-Size: ${control.size}
${control.libc === undefined ? "" : `Depends: libc6 (>= ${control.libc})\n`}Recommends: bubblewrap
Suggests: chromium
Section: net
Priority: optional
Homepage: ${url}
Description: personal AI assistant that you host yourself
 Aleph answers in a web panel, in the terminal and in chats such as Telegram,
 keeps its memory and its conversations on this machine, and runs tools and
 plugins that the kernel confines. It works with the models of many providers
 and with local ones.
 .
 It is one executable. The package brings services for systemd, for the machine
 and for a person, and starts neither.
`,
  );
  for (const [name, text] of Object.entries(SCRIPTS)) {
    await Bun.write(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  for (const name of ["md5sums", "control"]) chmodSync(join(folder, name), 0o644);
  chmodSync(folder, 0o755);
}

/** The oldest C library that has all that the executable asks for; nothing for what is no ELF file. */
async function libcOf(executable: string): Promise<string | undefined> {
  if ((await Bun.file(executable).slice(1, 4).text()) !== "ELF") return undefined;
  const told = await run(["readelf", "--version-info", "--wide", executable]);
  const versions = [...told.matchAll(/\bGLIBC_(\d+(?:\.\d+)+)/g)].map(([, version]) => version!);
  return versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}
