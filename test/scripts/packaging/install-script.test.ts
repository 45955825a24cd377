import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeArchives } from "../../../scripts/packaging/archives.ts";
import { makeInstallScript } from "../../../scripts/packaging/install-script.ts";
import { type Release, sha256Of } from "../../../scripts/packaging/release.ts";
import { type TestFolder, testFolder } from "../../support/folder.ts";
import { scriptOf } from "../../support/releases.ts";

const VERSION = "7.8.9";

let home: TestFolder;
let server: ReturnType<typeof Bun.serve>;
let release: Release;
/** In place of a file of the release. */
const spoiled = new Map<string, string>();

beforeAll(async () => {
  home = await testFolder();
  const folder = join(home.path, "release");
  mkdirSync(folder);
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const name = new URL(request.url).pathname.slice(1);
      return new Response(spoiled.get(name) ?? Bun.file(join(folder, name)));
    },
    error: () => new Response("No such file", { status: 404 }),
  });
  const executable = join(home.path, "executable");
  writeFileSync(executable, scriptOf(VERSION), { mode: 0o755 });
  const share = join(home.path, "share");
  mkdirSync(share);
  release = {
    version: VERSION,
    date: new Date("2026-11-21T10:20:30Z"),
    folder,
    url: server.url.href,
    executables: { "linux-x64": executable },
    share,
    maintainer: "Maintainers of Aleph <packages@aleph.example>",
  };
  await makeInstallScript(release);
  const [archive = ""] = await makeArchives(release);
  writeFileSync(join(folder, `SHA256SUMS-${VERSION}`), `${await sha256Of(join(folder, archive))}  ${archive}\n`);
});

afterAll(async () => {
  await server?.stop(true);
  await home?.[Symbol.asyncDispose]();
});

/** Another version in the same folder, until disposed. */
async function offerBeside(version: string, executable: string): Promise<Disposable> {
  const name = `aleph-server-${version}-linux-x64`;
  const archive = join(release.folder, `${name}.tar.gz`);
  const sums = join(release.folder, `SHA256SUMS-${version}`);
  mkdirSync(join(home.path, name));
  writeFileSync(join(home.path, name, "aleph-server"), executable, { mode: 0o755 });
  await Bun.$`tar --create --gzip --file ${archive} --directory ${home.path} ${name}`;
  writeFileSync(sums, `${await sha256Of(archive)}  ${name}.tar.gz\n`);
  return {
    [Symbol.dispose]() {
      for (const file of [archive, sums]) rmSync(file);
    },
  };
}

async function runScript(env: Record<string, string>, shell = "sh") {
  const child = Bun.spawn([shell, join(release.folder, "install.sh")], {
    env: { PATH: process.env.PATH!, HOME: join(home.path, "user"), TMPDIR: home.path, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

describe("install.sh", () => {
  test("installs the executable for this machine and says how to begin", async () => {
    const bin = join(home.path, "user/.local/bin");
    const { err, code } = await runScript({});
    expect([code, err]).toEqual([
      0,
      `Fetching aleph-server-${VERSION}-linux-x64\nInstalled {"version":"${VERSION}"} in ${bin}\nBegin with: ${bin}/aleph wizard (and put ${bin} on your PATH)\n`,
    ]);
    expect(readdirSync(bin).toSorted()).toEqual(["aleph", "aleph-server"]);
    expect(readlinkSync(join(bin, "aleph"))).toBe("aleph-server");
    expect(lstatSync(join(bin, "aleph-server")).mode & 0o777).toBe(0o755);
    // A second time over the first, into a folder that is on PATH.
    const again = await runScript({ ALEPH_BIN: bin, PATH: `${process.env.PATH}:${bin}` });
    expect([again.code, again.err.split("\n").at(-2)]).toEqual([0, "Begin with: aleph wizard"]);
    expect(readdirSync(home.path).filter((name) => name.startsWith("aleph-install."))).toEqual([]);
  });

  test("does nothing when it came cut off", async () => {
    const text = readFileSync(join(release.folder, "install.sh"), "utf8");
    const lines = text.trimEnd().split("\n");
    const bin = join(home.path, "cut");
    for (let count = lines.indexOf("{") + 1; count < lines.length; count++) {
      const { exitCode, stderr } = Bun.spawnSync(["sh"], {
        stdin: Buffer.from(lines.slice(0, count).join("\n")),
        env: { PATH: process.env.PATH!, HOME: home.path, ALEPH_BIN: bin },
      });
      expect([count, exitCode, stderr.toString()]).toEqual([count, 2, expect.stringContaining("yntax error")]);
    }
    expect(readdirSync(home.path)).not.toContain("cut");
  });

  test("takes an older version of the same folder", async () => {
    using _ = await offerBeside("0.0.1", scriptOf("0.0.1"));
    const bin = join(home.path, "older");
    const { code, err } = await runScript({ ALEPH_BIN: bin, ALEPH_VERSION: "0.0.1" });
    expect([code, err.split("\n")[1]]).toEqual([0, `Installed {"version":"0.0.1"} in ${bin}`]);
  });

  test("leaves the executable that is there, and nothing else, when the new one does not start", async () => {
    const bin = join(home.path, "kept");
    mkdirSync(bin);
    writeFileSync(join(bin, "aleph-server"), scriptOf("1.1.1"), { mode: 0o755 });
    using _ = await offerBeside("0.0.2", "#!/bin/sh\nexit 1\n");
    const { code, err } = await runScript({ ALEPH_BIN: bin, ALEPH_VERSION: "0.0.2" });
    expect([code, err.trim().split("\n").at(-1)]).toEqual([
      1,
      "install: aleph-server-0.0.2-linux-x64 does not start on this machine; nothing was installed",
    ]);
    expect(readdirSync(bin)).toEqual(["aleph-server"]);
    expect(readFileSync(join(bin, "aleph-server"), "utf8")).toBe(scriptOf("1.1.1"));
  });

  test("leaves another program that is called aleph", async () => {
    const bin = join(home.path, "with tex");
    mkdirSync(bin);
    writeFileSync(join(bin, "aleph"), "TeX");
    const { code, err } = await runScript({ ALEPH_BIN: bin });
    expect([code, err.trim().split("\n").slice(1)]).toEqual([
      0,
      [
        `${bin}/aleph is another program and stays`,
        `Installed {"version":"${VERSION}"} in ${bin}`,
        `Begin with: ${bin}/aleph-server wizard (and put ${bin} on your PATH)`,
      ],
    ]);
    expect(readFileSync(join(bin, "aleph"), "utf8")).toBe("TeX");
  });

  test.each(["wget", "shasum"].filter((name) => Bun.which(name) !== null))(
    "does with %s what others do with curl and sha256sum",
    async (only) => {
      const path = join(home.path, `only ${only}`);
      mkdirSync(path);
      const programs = "cat chmod cp getconf grep gzip ln mkdir mktemp mv readlink rm sed sh sysctl tar uname".split(
        " ",
      );
      for (const name of [...programs, ...(only === "wget" ? ["wget", "sha256sum"] : ["curl", "shasum", "perl"])]) {
        const file = Bun.which(name);
        if (file !== null) symlinkSync(file, join(path, name));
      }
      const user = join(home.path, `home of ${only}`);
      expect(await runScript({ PATH: path, HOME: user })).toMatchObject({ code: 0 });
      expect(readdirSync(join(user, ".local/bin")).toSorted()).toEqual(["aleph", "aleph-server"]);
    },
  );

  test("installs nothing when the archive is not the one that is listed", async () => {
    const name = `aleph-server-${VERSION}-linux-x64.tar.gz`;
    spoiled.set(name, "something else");
    const bin = join(home.path, "nothing");
    expect(await runScript({ ALEPH_BIN: bin })).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        `install: the archive is not the one that SHA256SUMS-${VERSION} lists; nothing was installed`,
      ),
    });
    spoiled.delete(name);
    expect(readdirSync(home.path)).not.toContain("nothing");
  });

  test("says what is missing: a version, a server, a platform", async () => {
    const bin = join(home.path, "nothing");
    const last = async (env: Record<string, string>) => {
      const { code, err } = await runScript({ ALEPH_BIN: bin, ...env });
      return [code, err.trim().split("\n").at(-1)];
    };
    expect(await last({ ALEPH_VERSION: "9.9.9" })).toEqual([
      1,
      `install: ${release.url}SHA256SUMS-9.9.9 cannot be fetched`,
    ]);
    expect(await last({ ALEPH_RELEASES: "http://127.0.0.1:9" })).toEqual([
      1,
      `install: http://127.0.0.1:9/SHA256SUMS-${VERSION} cannot be fetched`,
    ]);
    const fake = join(home.path, "fake");
    mkdirSync(fake);
    writeFileSync(join(fake, "uname"), '#!/bin/sh\n[ "$1" = -m ] && echo riscv64 || echo Linux\n', { mode: 0o755 });
    expect(await last({ PATH: `${fake}:${process.env.PATH}` })).toEqual([
      1,
      "install: there is no executable for the processor riscv64",
    ]);
    writeFileSync(join(fake, "uname"), '#!/bin/sh\n[ "$1" = -m ] && echo x86_64 || echo Plan9\n', { mode: 0o755 });
    expect((await last({ PATH: `${fake}:${process.env.PATH}` }))[1]).toStartWith(
      "install: there is no executable for Plan9",
    );
  });
});
