/**
 * `bun run build`: dist/aleph-server for this machine. `bun run build --all`: dist/aleph-server-<target> for every target;
 * names of targets as arguments build those. `--releases URL --release-key KEY` say where `aleph update` looks, and the key
 * (raw Ed25519 public key in base64url) that it believes. SHA256SUMS beside them lists every executable that dist/ holds.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ReleaseSource } from "../src/lib/build.ts";
import { buildExecutable, ENTRY, installLibraries, TARGETS, type TargetName } from "./bundle.ts";
import { buildClient } from "./client.ts";
import { buildShare } from "./share.ts";

const DIST = "dist";
const NAME = "aleph-server";

const { values, positionals } = parseArgs({
  options: { all: { type: "boolean" }, releases: { type: "string" }, "release-key": { type: "string" } },
  allowPositionals: true,
});
const wanted = parseTargets(values.all === true, positionals);
const releases = parseReleases(values.releases, values["release-key"]);
mkdirSync(DIST, { recursive: true });
installLibraries(wanted.filter((target) => target !== undefined));
for (const target of wanted) {
  const began = performance.now();
  const suffix = target === undefined ? "" : `-${target}`;
  const windows = target?.startsWith("windows") ?? process.platform === "win32";
  const outfile = join(DIST, `${NAME}${suffix}${windows ? ".exe" : ""}`);
  // Not over a running executable, which Linux refuses with "text file busy".
  rmSync(outfile, { force: true });
  await buildExecutable({
    entry: ENTRY,
    outfile,
    ...(target === undefined ? {} : { target }),
    ...(releases ? { releases } : {}),
  });
  const megabytes = (Bun.file(outfile).size / 1e6).toFixed(1);
  console.log(`${outfile}  ${megabytes} MB  ${Math.round(performance.now() - began)} ms`);
}
await writeSums();
const client = join(DIST, "client");
await buildClient(client);
console.log(`${client}  the package of the typed client`);
const share = join(DIST, "share");
await buildShare(share, new Date());
console.log(`${share}  manual pages and completions, as they lie below a prefix`);

/** `undefined` is this machine. */
function parseTargets(all: boolean, args: readonly string[]): readonly (TargetName | undefined)[] {
  const names = Object.keys(TARGETS) as TargetName[];
  if (all) return names;
  if (args.length === 0) return [undefined];
  const unknown = args.find((arg) => !(arg in TARGETS));
  if (unknown === undefined) return names.filter((name) => args.includes(name));
  console.error(`Unknown target "${unknown}"; known are ${names.join(", ")}, or --all`);
  process.exit(2);
}

function parseReleases(url: string | undefined, key: string | undefined): ReleaseSource | undefined {
  if (url === undefined && key === undefined) return undefined;
  if (url !== undefined && URL.canParse(url) && Buffer.from(key ?? "", "base64url").length === 32)
    return { url, key: key! };
  console.error("--releases takes a URL and goes with --release-key, a raw Ed25519 public key in base64url");
  process.exit(2);
}

/** In the form that `sha256sum --check SHA256SUMS` reads. */
async function writeSums(): Promise<void> {
  const lines: string[] = [];
  for (const file of readdirSync(DIST).toSorted()) {
    if (!file.startsWith(NAME)) continue;
    const hash = new Bun.CryptoHasher("sha256");
    for await (const chunk of Bun.file(join(DIST, file)).stream()) hash.update(chunk);
    lines.push(`${hash.digest("hex")}  ${file}\n`);
  }
  await Bun.write(join(DIST, "SHA256SUMS"), lines.join(""));
}
