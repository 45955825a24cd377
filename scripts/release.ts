/**
 * `bun scripts/release.ts --url URL --key FILE [targets…]`: dist/release with all that a release is made of, each target built
 * (all of them when none is named) with the place and the key that `aleph update` believes. URL is the folder that the files
 * will be fetched from; FILE holds the private key (PKCS #8 in PEM) and is made when it is not there. `--maintainer "Name <address>"`
 * is whom packages name; the author of the last commit when left out.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureSigningKey } from "../src/lib/signing-key.ts";
import { VERSION } from "../src/lib/version.ts";
import { buildExecutable, ENTRY, installLibraries, TARGETS, type TargetName } from "./bundle.ts";
import { makeRelease } from "./packaging/make-release.ts";
import { run } from "./packaging/run.ts";
import { buildShare } from "./share.ts";

const FOLDER = "dist/release";

const { values, positionals } = parseArgs({
  options: { url: { type: "string" }, key: { type: "string" }, maintainer: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !(name in TARGETS));
const isAddress = /^https?:$/.test(URL.parse(values.url ?? "")?.protocol ?? "");
if (values.url === undefined || !isAddress || values.key === undefined || unknown !== undefined) {
  console.error(`Usage: bun scripts/release.ts --url URL --key FILE [${Object.keys(TARGETS).join("|")} …]`);
  process.exit(2);
}
const url = `${values.url.replace(/\/+$/, "")}/`;
if (!existsSync(values.key)) {
  console.error(`${values.key} is a new key: keep it. Executables that trust another one will not take this release`);
}
const key = await ensureSigningKey(values.key);
const targets = (positionals.length > 0 ? positionals : Object.keys(TARGETS)) as TargetName[];

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
installLibraries(targets);
// The time of what is released, not of the building.
const date = new Date(Number((await run(["git", "log", "-1", "--format=%ct"])).trim()) * 1000);
const maintainer = values.maintainer ?? (await run(["git", "log", "-1", "--format=%an <%ae>"])).trim();
const executables: Partial<Record<TargetName, string>> = {};
for (const target of targets) {
  const outfile = join("dist", `aleph-server-${target}${target.startsWith("windows") ? ".exe" : ""}`);
  await buildExecutable({ entry: ENTRY, outfile, target, releases: { url, key: key.publicKey } });
  executables[target] = outfile;
}
const share = join("dist", "share");
await buildShare(share, date);
for (const file of await makeRelease(
  { version: VERSION, date, folder: FOLDER, url, executables, share, maintainer },
  key,
)) {
  console.log(join(FOLDER, file));
}
