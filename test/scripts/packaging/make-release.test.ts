import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import manifest from "../../../package.json" with { type: "json" };
import { makeArchives } from "../../../scripts/packaging/archives.ts";
import { makeRelease } from "../../../scripts/packaging/make-release.ts";
import { type Release, sha256Of } from "../../../scripts/packaging/release.ts";
import { buildShare } from "../../../scripts/share.ts";
import { ensureSigningKey, type SigningKey } from "../../../src/lib/signing-key.ts";
import { readRelease } from "../../../src/update/release.ts";
import { type TestFolder, testFolder } from "../../support/folder.ts";
import { scriptOf } from "../../support/releases.ts";

const VERSION = "7.8.9";
const MAINTAINER = "Maintainers of Aleph <packages@aleph.example>";
const TARGETS = ["linux-x64", "linux-x64-musl", "linux-arm64", "darwin-arm64", "windows-x64"] as const;

let home: TestFolder;
let key: SigningKey;
let server: ReturnType<typeof Bun.serve>;
let release: Release;
let files: readonly string[];

beforeAll(async () => {
  home = await testFolder();
  key = await ensureSigningKey(join(home.path, "key.pem"));
  const folder = join(home.path, "release");
  mkdirSync(folder);
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const name = new URL(request.url).pathname.slice(1);
      return new Response(Bun.file(join(folder, name)));
    },
    error: () => new Response("No such file", { status: 404 }),
  });
  // Small ones that know their version: what they are is nothing to those who pack them.
  const executable = join(home.path, "executable");
  writeFileSync(executable, scriptOf(VERSION), { mode: 0o755 });
  const share = join(home.path, "share");
  const date = new Date("2026-11-21T10:20:30Z");
  await buildShare(share, date);
  const executables = Object.fromEntries(TARGETS.map((target) => [target, executable]));
  release = { version: VERSION, date, folder, url: server.url.href, executables, share, maintainer: MAINTAINER };
  files = await makeRelease(release, key);
}, 120_000);

afterAll(async () => {
  await server?.stop(true);
  await home?.[Symbol.asyncDispose]();
});

describe("a release", () => {
  test("lists the sums of all its files", async () => {
    const listed = readFileSync(join(release.folder, "SHA256SUMS"), "utf8").trim().split("\n");
    expect(listed.map((line) => line.slice(66))).toEqual(files.filter((file) => !file.startsWith("SHA256SUMS")));
    for (const line of listed) expect(line.slice(0, 64)).toBe(await sha256Of(join(release.folder, line.slice(66))));
    expect(readdirSync(release.folder).toSorted()).toEqual(
      [...new Set(files.map((file) => file.split("/")[0]!))].toSorted(),
    );
  });

  test("describes its executables for aleph update, signed", async () => {
    const read = (name: string) => readFileSync(join(release.folder, name), "utf8");
    const described = await readRelease(read("latest.json"), read("latest.json.sig"), key.publicKey);
    expect([described.version, described.released_at, Object.keys(described.executables)]).toEqual([
      VERSION,
      "2026-11-21T10:20:30.000Z",
      [...TARGETS],
    ]);
    const { file, bytes, sha256 } = described.executables["linux-x64"]!;
    const unpacked = Bun.gunzipSync(readFileSync(join(release.folder, file)));
    expect([unpacked.length, new Bun.CryptoHasher("sha256").update(unpacked).digest("hex")]).toEqual([bytes, sha256]);
  });
});

describe("an archive", () => {
  test("holds the executable, its licences, manual pages and completions, owned by nobody in particular", async () => {
    const name = `aleph-server-${VERSION}-linux-x64`;
    const listed =
      await Bun.$`tar --list --verbose --numeric-owner --file ${join(release.folder, `${name}.tar.gz`)}`.text();
    const lines = listed
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/));
    expect(
      lines.map((line) => line[5]!.replace(`${name}/`, "")).filter((path) => path !== "" && !path.endsWith("/")),
    ).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "THIRD-PARTY-NOTICES.txt",
      "aleph-server",
      "share/bash-completion/completions/aleph",
      "share/bash-completion/completions/aleph-server",
      "share/fish/vendor_completions.d/aleph.fish",
      "share/man/man1/aleph-server.1",
      "share/man/man1/aleph.1",
      "share/systemd/system/aleph-server.service",
      "share/systemd/user/aleph-server.service",
      "share/zsh/site-functions/_aleph",
    ]);
    expect(new Set(lines.map((line) => line[1]))).toEqual(new Set(["0/0"]));
    expect(lines.find((line) => line[5]?.endsWith("/aleph-server"))?.[0]).toBe("-rwxr-xr-x");
  });

  test("for macOS holds the agent of launchd", async () => {
    const file = join(release.folder, `aleph-server-${VERSION}-darwin-arm64.tar.gz`);
    const names = (await Bun.$`tar --list --file ${file}`.text()).split("\n");
    expect(names.filter((name) => /launchd|systemd/.test(name) && !name.endsWith("/"))).toEqual([
      `aleph-server-${VERSION}-darwin-arm64/share/launchd/aleph-server.plist`,
    ]);
  });

  test("has the same bytes whenever it is made", async () => {
    const folder = join(home.path, "again");
    mkdirSync(folder);
    const again = await makeArchives({ ...release, folder });
    for (const file of again)
      expect(await sha256Of(join(folder, file))).toBe(await sha256Of(join(release.folder, file)));
  });
});

describe("the npm packages", () => {
  test("install the executable of this platform alone, and hand arguments, exit codes and signals on", async () => {
    const prefix = join(home.path, "npm");
    mkdirSync(prefix);
    const platform = `${process.platform}-${process.arch}`;
    const packages = [`aleph-server-${platform}-${VERSION}.tgz`, `aleph-server-${VERSION}.tgz`];
    const options = ["--offline", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"];
    await Bun.$`npm install ${options} --prefix ${prefix} ${packages.map((name) => join(release.folder, name))}`.quiet();
    expect(await Bun.$`${join(prefix, "node_modules/.bin/aleph")} version`.json()).toEqual({ version: VERSION });
    const installed = join(prefix, "node_modules/@aleph-server", platform, "bin/aleph-server");
    writeFileSync(installed, '#!/bin/sh\necho "$@"\nexit 7\n');
    chmodSync(installed, 0o755);
    const seven = await Bun.$`${join(prefix, "node_modules/.bin/aleph-server")} a "b c"`.nothrow().quiet();
    expect([seven.exitCode, seven.stdout.toString()]).toEqual([7, "a b c\n"]);
    writeFileSync(installed, "#!/bin/sh\ntrap 'echo told; exit 3' TERM\necho ready\nwhile :; do sleep 0.05; done\n");
    const child = Bun.spawn([join(prefix, "node_modules/.bin/aleph-server")], { stdout: "pipe" });
    const reader = child.stdout.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("ready\n");
    child.kill("SIGTERM");
    expect([new TextDecoder().decode((await reader.read()).value), await child.exited]).toEqual(["told\n", 3]);
  }, 60_000);
});

describe("the version", () => {
  test("is that of package.json in every form", async () => {
    const read = (name: string) => readFileSync(join(release.folder, name), "utf8");
    const inPackage = async (name: string) =>
      (await Bun.$`tar --extract --to-stdout --file ${join(release.folder, name)} package/package.json`.json()).version;
    const deb = join(release.folder, `aleph-server_${VERSION}-1_amd64.deb`);
    const manual = readFileSync(join(home.path, "share/man/man1/aleph.1"), "utf8");
    expect({
      built: (await Bun.$`${process.execPath} ${join(import.meta.dir, "../../../src/main.ts")} version --json`.json())
        .version,
      manual: /^\.TH .* "Aleph ([^"]+)"/m.exec(manual)?.[1],
    }).toEqual({ built: manifest.version, manual: manifest.version });
    expect({
      npm: await inPackage(`aleph-server-${VERSION}.tgz`),
      npmOfPlatform: await inPackage(`aleph-server-linux-x64-${VERSION}.tgz`),
      formula: /version "(.*)"/.exec(read("homebrew-aleph/Formula/aleph-server.rb"))?.[1],
      parts: JSON.parse(read(`aleph-server-${VERSION}.cdx.json`)).metadata.component.version,
      latest: JSON.parse(read("latest.json")).version,
      deb: (await Bun.$`dpkg-deb --field ${deb} Version`.text()).trim().replace(/-1$/, ""),
      script: /ALEPH_VERSION:-([^}]+)\}/.exec(read("install.sh"))?.[1],
    }).toEqual({
      npm: VERSION,
      npmOfPlatform: VERSION,
      formula: VERSION,
      parts: VERSION,
      latest: VERSION,
      deb: VERSION,
      script: VERSION,
    });
  });
});

describe("the formula", () => {
  const formula = () => readFileSync(join(release.folder, "homebrew-aleph/Formula/aleph-server.rb"), "utf8");

  test.if(Bun.which("ruby") !== null)("is Ruby", async () => {
    const file = join(release.folder, "homebrew-aleph/Formula/aleph-server.rb");
    expect((await Bun.$`ruby -wc ${file}`.text()).trim()).toBe("Syntax OK");
  });

  test("keeps to what brew audit asks of words and order", () => {
    const text = formula();
    const [, desc = ""] = /^ {2}desc "(.*)"$/m.exec(text) ?? [];
    expect([desc.length > 0 && desc.length < 80, /^(?:an?|the)\s/i.test(desc), desc.endsWith(".")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(/^[A-Z]/.test(desc) && !/aleph/i.test(desc)).toBe(true);
    const stanzas = [...text.matchAll(/^ {2}(\w+)/gm)].map(([, word]) => word!).filter((word) => word !== "end");
    expect(stanzas).toEqual([
      ..."desc homepage version license on_macos on_linux".split(" "),
      ..."def service test".split(" "),
    ]);
    expect(text.split("\n").filter((line) => /\s$|\t/.test(line))).toEqual([]);
  });

  test("names the archive of each platform with its sum", async () => {
    const text = readFileSync(join(release.folder, "homebrew-aleph/Formula/aleph-server.rb"), "utf8");
    const pairs = [...text.matchAll(/url "(.*)"\n\s+sha256 "(.*)"/g)].map(([, url, sum]) => [url!, sum!] as const);
    expect(pairs.map(([url]) => url)).toEqual(
      ["darwin-arm64", "linux-arm64", "linux-x64"].map(
        (target) => `${release.url}aleph-server-${VERSION}-${target}.tar.gz`,
      ),
    );
    for (const [url, sum] of pairs) {
      const body = await (await fetch(url)).bytes();
      expect(new Bun.CryptoHasher("sha256").update(body).digest("hex")).toBe(sum);
    }
    expect(text).toContain(`version "${VERSION}"`);
  });
});

describe("the parts list", () => {
  test("names every package of the executable with version, licence and sum", async () => {
    const sbom = await Bun.file(join(release.folder, `aleph-server-${VERSION}.cdx.json`)).json();
    expect([sbom.bomFormat, sbom.specVersion, sbom.metadata.component.version]).toEqual(["CycloneDX", "1.6", VERSION]);
    const names = sbom.components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["bun", "hono", "zod", "openai", "@extism/extism"]));
    expect(names).not.toContain("typescript");
    const without = sbom.components.filter(
      ({ hashes, name }: { hashes?: unknown; name: string }) => !hashes && name !== "bun",
    );
    expect(without).toEqual([]);
    expect(faultsOf(sbom)).toEqual([]);
    expect(faultsOf({ ...sbom, components: [{ type: "thing" }] })).not.toEqual([]);
    expect(sbom.dependencies[0].dependsOn).toHaveLength(names.length);
  });
});

/** By the specification's own schema. */
function faultsOf(sbom: object): readonly unknown[] {
  const schemas = join(import.meta.dir, "../../../node_modules/@cyclonedx/cyclonedx-library/res/schema");
  const read = (name: string) => JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), "utf8"));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const name of ["spdx", "jsf-0.82"])
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  return ajv.validate(read("bom-1.6"), sbom) ? [] : ajv.errors!;
}
