/** The servers elsewhere that this home knows by name, as `remotes.json` has them. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../config/home.ts";
import { writeAtomic } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";
import { usageError } from "./failure.ts";

export interface Remote {
  /** Of its socket: `ws://box:18790/ws`. */
  readonly url: string;
  /** Whose server answered there first. */
  readonly instance_id?: string | undefined;
  /** The only one that it may show, in PEM; without one, what the system trusts. */
  readonly certificate?: string | undefined;
}

export interface Remotes {
  /** The one that commands speak to when they name none. */
  readonly current?: string | undefined;
  readonly remotes: Readonly<Record<string, Remote>>;
}

/** Stands for the home's own server. */
export const LOCAL = "local";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Throws `config_invalid` when the file holds something else. */
export function readRemotes(home: Home): Remotes {
  let text: string;
  try {
    text = readFileSync(pathOf(home), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { remotes: {} };
    throw error;
  }
  const value = parse(text);
  if (isRemotes(value)) return value;
  throw new AlephError("config_invalid", "The file with the remotes is damaged", {
    data: {
      issues: [{ path: "remotes.json", message: "must hold what aleph remote wrote" }],
      hint: `Remove ${pathOf(home)} and add the remotes again`,
    },
  });
}

/** Replaces the file in one step; only its owner can read it. */
export function writeRemotes(home: Home, remotes: Remotes): void {
  mkdirSync(home.path, { recursive: true, mode: 0o700 });
  writeAtomic(pathOf(home), `${JSON.stringify(remotes, undefined, 2)}\n`);
}

/** Throws `not_found`. */
export function findRemote(home: Home, name: string): Remote {
  const { remotes } = readRemotes(home);
  if (Object.hasOwn(remotes, name)) return remotes[name]!;
  throw new AlephError("not_found", `There is no remote ${JSON.stringify(name)}`, {
    data: { hint: "See those that there are: aleph remote list" },
  });
}

/** Keeps what was learned of a remote that is still there. */
export function updateRemote(home: Home, name: string, change: Partial<Remote>): void {
  const { remotes, ...rest } = readRemotes(home);
  const known = remotes[name];
  if (known) writeRemotes(home, { ...rest, remotes: { ...remotes, [name]: { ...known, ...change } } });
}

/** Throws `invalid_params` for what cannot be the name of a remote. */
export function checkName(name: string): void {
  if (name !== LOCAL && NAME.test(name)) return;
  throw usageError(
    `${JSON.stringify(name)} cannot be the name of a remote`,
    name === LOCAL ? "It stands for the home's own server" : "Use letters, digits, dots, dashes and underscores",
  );
}

function pathOf(home: Home): string {
  return join(home.path, "remotes.json");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // As what is not ours in any other way.
    return undefined;
  }
}

function isRemotes(value: unknown): value is Remotes {
  if (!isRecord(value) || !isRecord(value.remotes) || !isText(value.current)) return false;
  return Object.values(value.remotes).every(
    (remote) =>
      isRecord(remote) &&
      typeof remote.url === "string" &&
      /^wss?:\/\//.test(remote.url) &&
      isText(remote.instance_id) &&
      isText(remote.certificate),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
