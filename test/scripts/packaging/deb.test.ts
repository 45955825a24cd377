import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeAptRepository } from "../../../scripts/packaging/apt-repository.ts";
import { debianVersion, makeDebs } from "../../../scripts/packaging/deb.ts";
import { type Release, sha256Of } from "../../../scripts/packaging/release.ts";
import { buildShare } from "../../../scripts/share.ts";
import { systemUnit, userUnit } from "../../../src/service/systemd-units.ts";
import { type TestFolder, testFolder } from "../../support/folder.ts";
import { scriptOf } from "../../support/releases.ts";

const AMD64 = "aleph-server_7.8.9-1_amd64.deb";
const tools = ["dpkg-deb", "dpkg-scanpackages", "apt-ftparchive", "gpg"];
const available = tools.every((name) => Bun.which(name) !== null);

let home: TestFolder;
let release: Release;

beforeAll(async () => {
  home = await testFolder();
  const folder = join(home.path, "release");
  const share = join(home.path, "share");
  const executable = join(home.path, "executable");
  mkdirSync(folder);
  writeFileSync(executable, scriptOf("7.8.9"), { mode: 0o755 });
  const date = new Date("2026-11-21T10:20:30Z");
  await buildShare(share, date);
  release = {
    version: "7.8.9",
    date,
    folder,
    url: "https://releases.example/",
    executables: { "linux-x64": executable, "linux-arm64": executable, "darwin-arm64": executable },
    share,
    maintainer: "Maintainers of Aleph <packages@aleph.example>",
  };
});

afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

describe.if(available)("the Debian package", () => {
  test("is made for each architecture, with the same bytes whenever it is made", async () => {
    const files = await makeDebs(release);
    expect(files).toEqual([AMD64, "aleph-server_7.8.9-1_arm64.deb"]);
    const folder = join(home.path, "again");
    mkdirSync(folder);
    for (const file of await makeDebs({ ...release, folder })) {
      expect(await sha256Of(join(folder, file))).toBe(await sha256Of(join(release.folder, file)));
    }
  });

  test("holds what belongs to the executable, root's, where Debian has it", async () => {
    const listed = (await Bun.$`dpkg-deb --contents ${join(release.folder, AMD64)}`.text()).trim().split("\n");
    const entries = listed.map((line) => line.split(/\s+/)).filter(([rights = ""]) => !rights.startsWith("d"));
    expect(entries.map(([rights, owner, , , , ...path]) => `${rights} ${owner} ${path.join(" ")}`)).toEqual([
      "-rwxr-xr-x root/root ./usr/bin/aleph-server",
      "-rw-r--r-- root/root ./usr/lib/systemd/system/aleph-server.service",
      "-rw-r--r-- root/root ./usr/lib/systemd/user/aleph-server.service",
      "-rw-r--r-- root/root ./usr/share/bash-completion/completions/aleph",
      "-rw-r--r-- root/root ./usr/share/bash-completion/completions/aleph-server",
      "-rw-r--r-- root/root ./usr/share/doc/aleph-server/README.Debian",
      "-rw-r--r-- root/root ./usr/share/doc/aleph-server/changelog.Debian.gz",
      "-rw-r--r-- root/root ./usr/share/doc/aleph-server/changelog.gz",
      "-rw-r--r-- root/root ./usr/share/doc/aleph-server/copyright",
      "-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/aleph.fish",
      "-rw-r--r-- root/root ./usr/share/lintian/overrides/aleph-server",
      "-rw-r--r-- root/root ./usr/share/man/man1/aleph-server.1.gz",
      "-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_aleph",
    ]);
  });

  test("brings the units that aleph service would write for it", async () => {
    const read = (path: string) =>
      Bun.$`dpkg-deb --fsys-tarfile ${join(release.folder, AMD64)} | tar --extract --to-stdout --file - ${path}`.text();
    const description = { program: ["/usr/bin/aleph-server"], arguments: [] };
    expect(await read("./usr/lib/systemd/system/aleph-server.service")).toBe(systemUnit(description));
    expect(await read("./usr/lib/systemd/user/aleph-server.service")).toBe(userUnit(description));
  });
});

const isInstallable = available && process.getuid?.() === 0 && Bun.which("deb-systemd-helper") !== null;

describe.if(isInstallable)("the Debian package, installed", () => {
  /** A root with nothing but dpkg's own lists. */
  async function emptyRoot() {
    const folder = await testFolder();
    const at = (path: string) => join(folder.path, path);
    for (const path of ["info", "updates", "alternatives"]) mkdirSync(at(`var/lib/dpkg/${path}`), { recursive: true });
    for (const path of ["etc/alternatives", "var/log", "etc/systemd/system/multi-user.target.wants"])
      mkdirSync(at(path), { recursive: true });
    for (const file of ["status", "available"]) writeFileSync(at(`var/lib/dpkg/${file}`), "");
    const options = [`--root=${folder.path}`, "--force-script-chrootless", "--force-depends", "--force-unsafe-io"];
    return { ...folder, at, dpkg: (...words: string[]) => Bun.$`dpkg ${options} --log=/dev/null ${words}`.quiet() };
  }

  /** As texlive-binaries has them. */
  async function tex(): Promise<string> {
    const tree = join(home.path, "tex");
    for (const path of ["DEBIAN", "usr/bin", "usr/share/man/man1"]) mkdirSync(join(tree, path), { recursive: true });
    const control =
      "Package: texlive-binaries\nVersion: 1\nArchitecture: all\nMaintainer: M <m@tex.example>\nDescription: TeX\n";
    writeFileSync(join(tree, "DEBIAN/control"), control);
    for (const path of ["usr/bin/aleph", "usr/share/man/man1/aleph.1.gz"]) writeFileSync(join(tree, path), "TeX");
    await Bun.$`dpkg-deb --build ${tree} ${`${tree}.deb`}`.quiet();
    return `${tree}.deb`;
  }

  test("is called aleph, and leaves no link behind when it is purged", async () => {
    await using root = await emptyRoot();
    await root.dpkg("--install", join(release.folder, AMD64));
    expect(readlinkSync(root.at("usr/bin/aleph"))).toBe("/etc/alternatives/aleph");
    expect(readlinkSync(root.at("etc/alternatives/aleph"))).toBe("/usr/bin/aleph-server");
    expect(readlinkSync(root.at("usr/share/man/man1/aleph.1.gz"))).toBe("/etc/alternatives/aleph.1.gz");
    // As: systemctl enable
    const wants = "etc/systemd/system/multi-user.target.wants";
    symlinkSync("/usr/lib/systemd/system/aleph-server.service", root.at(`${wants}/aleph-server.service`));
    await root.dpkg("--purge", "aleph-server");
    const left = readdirSync(root.at("etc"), { recursive: true, encoding: "utf8" });
    expect(left.filter((path) => path.includes("aleph"))).toEqual([]);
  });

  test.each(["before", "after"])("leaves the program aleph of TeX alone that came %s it", async (when) => {
    await using root = await emptyRoot();
    const debs = [join(release.folder, AMD64), await tex()];
    for (const deb of when === "after" ? debs : debs.toReversed()) await root.dpkg("--install", deb);
    const names = ["usr/bin/aleph", "usr/share/man/man1/aleph.1.gz"];
    const texts = () => names.map((name) => readFileSync(root.at(name), "utf8"));
    expect([texts(), existsSync(root.at("usr/bin/aleph-server"))]).toEqual([["TeX", "TeX"], true]);
    await root.dpkg("--purge", "aleph-server");
    expect([texts(), existsSync(root.at("usr/bin/aleph-server"))]).toEqual([["TeX", "TeX"], false]);
  });
});

test("debianVersion sorts a version before the one that it leads to", () => {
  expect([debianVersion("1.0.0"), debianVersion("1.0.0-rc.1")]).toEqual(["1.0.0-1", "1.0.0~rc.1-1"]);
});

describe.if(available)("the apt repository", () => {
  test("lists its packages by sums that its key has signed", async () => {
    const gnupgHome = join(home.path, "gnupg");
    mkdirSync(gnupgHome, { mode: 0o700 });
    const env = { ...process.env, GNUPGHOME: gnupgHome };
    const user = "Test of Aleph <test@aleph.example>";
    await Bun.$`gpg --batch --quiet --passphrase "" --quick-generate-key ${user} ed25519 sign never`.env(env).quiet();
    const folder = join(home.path, "apt");
    const debs = (await makeDebs(release)).map((file) => join(release.folder, file));
    const url = "https://releases.example/apt/";
    await makeAptRepository({ folder, url, debs, key: "test@aleph.example", gnupgHome, date: release.date });
    const read = (name: string) => Bun.file(join(folder, name)).text();
    const list = await read("dists/stable/main/binary-amd64/Packages");
    expect(list).toContain(`Filename: pool/main/a/aleph-server/${AMD64}\n`);
    expect(list).toContain(`SHA256: ${await sha256Of(join(folder, "pool/main/a/aleph-server", AMD64))}\n`);
    const sum = await sha256Of(join(folder, "dists/stable/main/binary-amd64/Packages.gz"));
    const signed = await read("dists/stable/Release");
    expect(signed).toMatch(new RegExp(`^ ${sum} +\\d+ main/binary-amd64/Packages\\.gz$`, "m"));
    expect(signed).toMatch(/^Architectures: amd64 arm64$/m);
    expect(await read("aleph-server.sources")).toBe(
      `Types: deb\nURIs: ${url}\nSuites: stable\nComponents: main\nSigned-By: /usr/share/keyrings/aleph-server.gpg\n`,
    );
    const keyring = join(folder, "aleph-server.gpg");
    const dist = join(folder, "dists/stable");
    await Bun.$`gpgv --keyring ${keyring} ${join(dist, "InRelease")}`.quiet();
    await Bun.$`gpgv --keyring ${keyring} ${join(dist, "Release.gpg")} ${join(dist, "Release")}`.quiet();
    // Made anew with a package that it had before, and left as it is where that does not work out.
    const pool = join(folder, "pool/main/a/aleph-server");
    const again = { folder, url, debs: [join(pool, AMD64)], key: "test@aleph.example", gnupgHome, date: release.date };
    await makeAptRepository(again);
    expect(readdirSync(pool)).toEqual([AMD64]);
    await expect(makeAptRepository({ ...again, key: "nobody@aleph.example" })).rejects.toThrow("gpg ended with");
    expect(readdirSync(pool)).toEqual([AMD64]);
    expect(readdirSync(home.path).filter((name) => name.startsWith("apt"))).toEqual(["apt"]);
    await expect(makeAptRepository({ ...again, folder: home.path })).rejects.toThrow("is no repository of apt");
    await Bun.$`gpgconf --homedir ${gnupgHome} --kill gpg-agent`.quiet().nothrow();
  }, 60_000);
});
