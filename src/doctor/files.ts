/** Checks of what lies on the disk: the home, its secrets, config.toml, the database, free space, the clock. */
import { accessSync, chmodSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDocument } from "../config/document.ts";
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import { isReference, resolveSecret } from "../config/secrets.ts";
import { formatBytes, formatDuration } from "../lib/human-units.ts";
import { isTable } from "../lib/merge-patch.ts";
import type { Finding } from "../protocol/finding.ts";
import { migrations } from "../store/migrations/index.ts";
import { checkConfigFile } from "./config-check.ts";
import { quickCheck } from "./database.ts";
import { findings, wordsOf } from "./findings.ts";

const POSIX = process.platform !== "win32";

export function checkHome(home: Home): readonly Finding[] {
  const { ok, warn, fail } = findings("home");
  if (!existsSync(home.path)) return [ok(`${home.path} is not there yet; the first start makes it`)];
  const stat = statSync(home.path);
  if (!stat.isDirectory())
    return [fail(`${home.path} is not a folder`, "Move it away, or name another one with --home")];
  try {
    accessSync(home.path, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    return [fail(`${home.path} cannot be written: ${wordsOf(thrown)}`, "Give it to the user that runs Aleph")];
  }
  if (POSIX && (stat.mode & 0o077) !== 0) {
    return [warn(`${home.path} can be read by other users`, `chmod 700 ${home.path}`, "close_home")];
  }
  return [ok(home.path)];
}

/** Secrets that others can read are no secrets. */
export function checkCredentials(home: Home): readonly Finding[] {
  const { ok, fail } = findings("credentials");
  if (!existsSync(home.credentials)) return [ok("none yet; the first start makes the owner's token")];
  const open = openCredentials(home);
  if (open.length === 0) return [ok("readable by their owner alone")];
  return open.map((path) => fail(`${path} can be read by other users`, `chmod 600 ${path}`, "close_credentials"));
}

function openCredentials(home: Home): readonly string[] {
  if (!POSIX || !existsSync(home.credentials)) return [];
  return (
    readdirSync(home.credentials)
      .map((name) => join(home.credentials, name))
      // A link to nothing gives nothing away.
      .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0)
  );
}

/** Takes from other users what they could read. */
export function closeCredentials(home: Home): void {
  for (const path of openCredentials(home)) chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600);
}

export async function checkConfig(home: Home, env: Environment): Promise<readonly Finding[]> {
  const { ok, warn, fail } = findings("config");
  if (!existsSync(home.config)) return [ok(`${home.config} is not there; the defaults are in force`)];
  const issues = await checkConfigFile(home.config, env);
  if (issues.length > 0) {
    return issues.map(({ path, message, line }) => {
      const place = [line === undefined ? "" : `line ${line}`, path].filter(Boolean).join(", ");
      return fail(
        place === "" ? message : `${place}: ${message}`,
        `Edit ${home.config}; a running server keeps its earlier config`,
      );
    });
  }
  const { document } = await parseDocument(readFileSync(home.config, "utf8"));
  const broken: Finding[] = [];
  for (const reference of new Set(referencesIn(document))) {
    try {
      await resolveSecret(reference, { env, home });
    } catch (thrown) {
      broken.push(
        warn(wordsOf(thrown), "What needs this secret fails; the server's own environment may differ from this one"),
      );
    }
  }
  return [ok(home.config), ...broken];
}

export async function checkDatabase(home: Home): Promise<readonly Finding[]> {
  const { ok, fail } = findings("database");
  if (!existsSync(home.database)) return [ok("none yet; the first start makes it")];
  try {
    const { said, version } = await quickCheck(home.database);
    if (said !== "ok") {
      return [fail(`aleph.db is damaged: ${said}`, "Stop the server and go back to a copy of the file")];
    }
    if (version > migrations.length) {
      const found = `aleph.db is of a newer Aleph: version ${version}, this one knows ${migrations.length}`;
      return [fail(found, "Update aleph-server, or restore the backup that the update made")];
    }
    return [ok(`aleph.db is sound, ${formatBytes(statSync(home.database).size)}`)];
  } catch (thrown) {
    return [
      fail(`aleph.db cannot be read: ${wordsOf(thrown)}`, "Check who owns it; if it is damaged go back to a copy"),
    ];
  }
}

const LITTLE = 1e9;
const TOO_LITTLE = 100e6;

export function checkDisk(home: Home): readonly Finding[] {
  const { ok, warn, fail } = findings("disk");
  let folder = home.path;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < TOO_LITTLE)
    return [fail(`${formatBytes(free)} free`, "Free some space: nothing can be saved on a full disk")];
  if (free < LITTLE) return [warn(`${formatBytes(free)} free`, "Free some space before it runs out")];
  return [ok(`${formatBytes(free)} free`)];
}

/** Order and expiry rest on the clock; one that went back shows in files from the future. */
export function checkClock(home: Home, now: number): readonly Finding[] {
  const { ok, warn } = findings("clock");
  const hint = "Set the time of this machine, for example with an NTP service";
  const newest = [home.database, `${home.database}-wal`, join(home.run, "server.json")]
    .filter((path) => existsSync(path))
    .reduce((latest, path) => Math.max(latest, statSync(path).mtimeMs), 0);
  if (newest > now + 60_000)
    return [warn(`The clock is ${formatDuration(newest - now)} behind Aleph's own files`, hint)];
  return [ok(new Date(now).toISOString())];
}

function referencesIn(value: unknown): string[] {
  if (isReference(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return isTable(value) ? Object.values(value).flatMap(referencesIn) : [];
}
