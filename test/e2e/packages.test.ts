/**
 * The Debian package with the compiled executable in a real Debian: `.cache/debian-root.tar`, which .ci/run makes with
 * debootstrap. Installed from a signed repository on loopback, used, upgraded, removed; and what apt must refuse.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeAptRepository } from "../../scripts/packaging/apt-repository.ts";
import { makeDebs } from "../../scripts/packaging/deb.ts";
import { buildShare } from "../../scripts/share.ts";
import { VERSION } from "../../src/lib/version.ts";
import { executablePath, testExecutableIf } from "../support/executable.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";

const ROOT_TAR = resolve(import.meta.dir, "../../.cache/debian-root.tar");
const TOOLS = ["dpkg-deb", "dpkg-scanpackages", "apt-ftparchive", "gpg", "lintian", "unshare", "chroot"];
const missing = [
  ...TOOLS.filter((name) => Bun.which(name) === null),
  ...(existsSync(ROOT_TAR) ? [] : [".cache/debian-root.tar"]),
  ...(process.getuid?.() === 0 && process.platform === "linux" ? [] : ["root on Linux"]),
];
if (missing.length > 0 && process.env.ALEPH_REQUIRE_PACKAGES) throw new Error(`Missing: ${missing.join(", ")}`);
const testPackages = testExecutableIf(missing.length === 0);
const isPossible = process.env.ALEPH_EXECUTABLE !== undefined && missing.length === 0;

/** Greater than any that we have. */
const NEXT = "99.0.0";
const MAINTAINER = "Maintainers of Aleph <packages@aleph-server.dev>";
const HOME = "/var/tmp/home";

let folder: TestFolder;
let root: string;
let debs: readonly string[];
let server: ReturnType<typeof Bun.serve>;
let apt: string;

async function publish(files: readonly string[]): Promise<void> {
  const gnupgHome = join(folder.path, "gnupg");
  const date = new Date();
  await makeAptRepository({
    folder: apt,
    url: server.url.href,
    debs: files,
    key: "test@aleph.example",
    gnupgHome,
    date,
  });
}

/** Runs a command in the Debian root, with a /proc that goes with it. */
async function inRoot(script: string) {
  const child = Bun.spawn(
    ["unshare", "--mount", "sh", "-c", `mount -t proc proc "$0/proc" && exec chroot "$0" sh -c "$1"`, root, script],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        ALEPH_HOME: HOME,
        LC_ALL: "C.UTF-8",
        DEBIAN_FRONTEND: "noninteractive",
      },
    },
  );
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

async function must(script: string): Promise<string> {
  const { out, err, code } = await inRoot(script);
  if (code !== 0) throw new Error(`${script} ended with ${code}\n${err}${out}`);
  return out;
}

beforeAll(async () => {
  if (!isPossible) return;
  folder = await testFolder();
  root = join(folder.path, "root");
  apt = join(folder.path, "apt");
  mkdirSync(root);
  await Bun.$`tar --extract --numeric-owner --file ${ROOT_TAR} --directory ${root}`.quiet();
  const share = join(folder.path, "share");
  const date = new Date();
  await buildShare(share, date);
  const target = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
  const release = {
    version: VERSION,
    date,
    folder: folder.path,
    url: "https://aleph-server.dev/",
    executables: { [target]: executablePath() },
    share,
    maintainer: MAINTAINER,
  };
  const made = [...(await makeDebs(release)), ...(await makeDebs({ ...release, version: NEXT }))];
  debs = made.map((file) => join(folder.path, file));
  const gnupg = join(folder.path, "gnupg");
  mkdirSync(gnupg, { mode: 0o700 });
  const user = "Test of Aleph <test@aleph.example>";
  await Bun.$`gpg --batch --quiet --passphrase "" --quick-generate-key ${user} ed25519 sign never`
    .env({ ...process.env, GNUPGHOME: gnupg })
    .quiet();
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => new Response(Bun.file(join(apt, decodeURIComponent(new URL(request.url).pathname)))),
    error: () => new Response("No such file", { status: 404 }),
  });
  await publish(debs.slice(0, 1));
  // Nothing else to fetch from: what the package needs is in the root.
  rmSync(join(root, "etc/apt/sources.list"), { force: true });
  for (const name of readdirSync(join(root, "etc/apt/sources.list.d")))
    rmSync(join(root, "etc/apt/sources.list.d", name));
  renameSync(join(apt, "aleph-server.gpg"), join(root, "usr/share/keyrings/aleph-server.gpg"));
  renameSync(join(apt, "aleph-server.sources"), join(root, "etc/apt/sources.list.d/aleph-server.sources"));
  writeFileSync(join(root, "etc/dpkg/dpkg.cfg.d/test"), "force-unsafe-io\n");
}, 300_000);

afterAll(async () => {
  if (!isPossible) return;
  await server?.stop(true);
  await Bun.$`gpgconf --homedir ${join(folder.path, "gnupg")} --kill gpg-agent`.quiet().nothrow();
  await folder?.[Symbol.asyncDispose]();
}, 60_000);

describe("the Debian package", () => {
  testPackages(
    "has no error and no warning for lintian",
    async () => {
      const { exitCode, stdout } = await Bun.$`lintian --allow-root --fail-on error,warning ${debs[0]!}`
        .quiet()
        .nothrow();
      expect([exitCode, stdout.toString()]).toEqual([0, ""]);
    },
    300_000,
  );

  testPackages(
    "is installed by apt from a signed repository, serves, keeps its conversations when it is upgraded, removed and purged",
    async () => {
      await must("apt-get -q update");
      await must("apt-get -q -y --no-install-recommends install aleph-server");
      expect(JSON.parse(await must("aleph version --json"))).toMatchObject({ version: VERSION });
      const served = await must(`
        aleph-server serve --port 0 2>/tmp/log & pid=$!
        for i in $(seq 300); do [ -s ${HOME}/run/server.json ] && grep -q '"url"' ${HOME}/run/server.json && break; sleep 0.1; done
        aleph status --json; aleph chat "keep this" >/dev/null; kill $pid; wait $pid; echo "ended $?"`);
      expect(JSON.parse(served.split("\n")[0]!)).toMatchObject({ running: true, version: VERSION, home: HOME });
      expect(served).toEndWith("ended 0\n");
      expect((await inRoot("aleph service install --system")).err).toStartWith("Error: systemd does not run here\n");

      await publish(debs);
      await must("apt-get -q update && apt-get -q -y --no-install-recommends upgrade");
      expect(await must("dpkg-query --show aleph-server")).toBe(`aleph-server\t${NEXT}-1\n`);
      const titles = async () =>
        JSON.parse(await must("aleph sessions --json")).sessions.map(({ title }: { title: string }) => title);
      expect(await titles()).toEqual(["keep this"]);

      await must("mkdir -p /var/lib/private/aleph && touch /var/lib/private/aleph/aleph.db");
      await must("apt-get -q -y remove aleph-server");
      expect(existsSync(join(root, "usr/bin/aleph-server"))).toBe(false);
      await must("apt-get -q -y purge aleph-server");
      for (const kept of [join(HOME, "aleph.db"), "/var/lib/private/aleph/aleph.db"]) {
        expect([kept, existsSync(join(root, kept))]).toEqual([kept, true]);
      }
      expect((await inRoot("dpkg --audit && ! dpkg --status aleph-server")).code).toBe(0);
    },
    300_000,
  );

  testPackages(
    "is not taken from a repository whose list was changed, or that nobody signed",
    async () => {
      const update = () => inRoot("rm -rf /var/lib/apt/lists/*; apt-get -q -o APT::Update::Error-Mode=any update");
      await publish(debs.slice(0, 1));
      const dist = join(apt, "dists/stable");
      const binary = join(dist, `main/binary-${process.arch === "arm64" ? "arm64" : "amd64"}`);
      const list = await Bun.file(join(binary, "Packages")).text();
      const changed = list.replace(/^SHA256: ./m, "SHA256: x");
      await Bun.write(join(binary, "Packages"), changed);
      await Bun.write(join(binary, "Packages.gz"), Bun.gzipSync(changed));
      const tampered = await update();
      expect([tampered.code, tampered.err]).toEqual([100, expect.stringMatching(/Hash Sum mismatch|unexpected size/)]);

      await publish(debs.slice(0, 1));
      await Bun.write(
        join(dist, "InRelease"),
        (await Bun.file(join(dist, "InRelease")).text()).replace("Aleph", "Alepf"),
      );
      expect(await update()).toMatchObject({ code: 100, err: expect.stringContaining("not signed") });

      await publish(debs.slice(0, 1));
      for (const name of ["InRelease", "Release.gpg"]) rmSync(join(dist, name));
      expect(await update()).toMatchObject({ code: 100, err: expect.stringContaining("is not signed") });
    },
    120_000,
  );
});
