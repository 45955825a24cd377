/**
 * A repository that apt fetches from: pool/ with the packages, dists/stable with lists of them that a key has signed, that key,
 * and the file that a person puts into /etc/apt/sources.list.d. `bun scripts/packaging/apt-repository.ts --url URL --key ID
 * --to FOLDER deb…` makes it with a secret key of gpg's own folder (GNUPGHOME).
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { PACKAGE } from "./deb.ts";
import { run } from "./run.ts";

const ARCHITECTURES = ["amd64", "arm64"];
const SUITE = "stable";
const COMPONENT = "main";
/** Where `aleph-server.sources` says that the key lies. */
const KEYRING = "/usr/share/keyrings/aleph-server.gpg";

export interface AptRepository {
  /** Made anew; one that is there must be such a repository. */
  readonly folder: string;
  readonly url: string;
  readonly debs: readonly string[];
  /** Fingerprint or address of a secret key in `gnupgHome`. */
  readonly key: string;
  readonly gnupgHome?: string;
  readonly date: Date;
}

export async function makeAptRepository(repository: AptRepository): Promise<void> {
  const { url, debs, key, gnupgHome, date } = repository;
  const place = repository.folder;
  if (existsSync(place) && readdirSync(place).length > 0 && !existsSync(join(place, "dists", SUITE))) {
    throw new Error(`${place} is no repository of apt, and all that is in it would be removed`);
  }
  // Beside its place until it is whole: packages may come from the repository of before, which stays when this fails.
  const folder = `${place}.${crypto.randomUUID()}`;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const pool = join("pool", COMPONENT, "a", PACKAGE);
  const dist = join("dists", SUITE);
  mkdirSync(join(folder, pool), { recursive: true });
  for (const deb of debs) copyFileSync(deb, join(folder, pool, basename(deb)));
  for (const architecture of ARCHITECTURES) {
    const below = join(folder, dist, COMPONENT, `binary-${architecture}`);
    // With every version that is there: who needs an older one can ask for it.
    const list = await run(["dpkg-scanpackages", "--multiversion", "--arch", architecture, "pool"], { cwd: folder });
    await Bun.write(join(below, "Packages"), list);
    await Bun.write(join(below, "Packages.gz"), gzipSync(list, { level: 9 }));
  }
  const options = Object.entries({
    Origin: "Aleph",
    Label: "Aleph",
    Suite: SUITE,
    Codename: SUITE,
    Architectures: ARCHITECTURES.join(" "),
    Components: COMPONENT,
    Description: "Packages of aleph-server",
    Date: date.toUTCString().replace("GMT", "+0000"),
  }).flatMap(([name, value]) => ["-o", `APT::FTPArchive::Release::${name}=${value}`]);
  const release = join(folder, dist, "Release");
  const sums = ["-o", "APT::FTPArchive::MD5=false", "-o", "APT::FTPArchive::SHA1=false"];
  await Bun.write(release, await run(["apt-ftparchive", ...options, ...sums, "release", dist], { cwd: folder }));
  const gpg = (...words: readonly string[]) =>
    run(["gpg", "--batch", "--yes", "--no-tty", "--local-user", key, ...words], {
      env: gnupgHome === undefined ? {} : { GNUPGHOME: gnupgHome },
    });
  const signed = join(folder, dist, "InRelease");
  await gpg("--digest-algo", "SHA512", "--clearsign", "--output", signed, release);
  await gpg("--digest-algo", "SHA512", "--armor", "--detach-sign", "--output", `${release}.gpg`, release);
  await gpg("--export", "--output", join(folder, "aleph-server.gpg"), key);
  await Bun.write(
    join(folder, "aleph-server.sources"),
    `Types: deb
URIs: ${url}
Suites: ${SUITE}
Components: ${COMPONENT}
Signed-By: ${KEYRING}
`,
  );
  rmSync(place, { recursive: true, force: true });
  renameSync(folder, place);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { url: { type: "string" }, key: { type: "string" }, to: { type: "string" } },
    allowPositionals: true,
  });
  const { url, key, to } = values;
  if (url === undefined || key === undefined || to === undefined || positionals.length === 0) {
    console.error("Usage: bun scripts/packaging/apt-repository.ts --url URL --key ID --to FOLDER DEB …");
    process.exit(2);
  }
  await makeAptRepository({
    folder: resolve(to),
    url: `${url.replace(/\/+$/, "")}/`,
    debs: positionals,
    key,
    date: new Date(),
  });
  console.log(`${to}  upload it to ${url}`);
}
