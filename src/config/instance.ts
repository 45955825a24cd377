/** Which process serves a home: one at a time, and the others can find it. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeVolatile } from "../lib/atomic-write.ts";
import { lockFile } from "../lib/file-lock.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Home } from "./home.ts";

/** What `run/server.json` says while a process has the home. */
export interface Instance {
  readonly pid: number;
  readonly instance_id: string;
  /** Absent for a core that listens nowhere, inside a command. */
  readonly url?: string;
  /** How other machines call it. */
  readonly remote_url?: string;
  /** What it shows at `url`, in PEM, when it speaks TLS there. */
  readonly certificate?: string;
  readonly started_at: number;
}

export interface ClaimedHome extends Disposable {
  /** Tells others where this process listens. */
  announce(instance: Instance): void;
}

/** In `data.why` of the `conflict` of a home that somebody else has: it may be had later. */
export const IN_USE = "in_use";

/** Takes the home for this process until disposed. Throws `conflict` with the holder's pid and url. */
export async function claimHome(home: Home): Promise<ClaimedHome> {
  // Someone who only looks (`findInstance`) holds the lock for a moment.
  const lock = await lockFile(join(home.run, "lock"), { timeoutMs: 100 });
  if (!lock) {
    const holder = readRecord(home);
    const where = holder?.url ? ` and listens on ${holder.url}` : "";
    throw new AlephError("conflict", `Another Aleph (pid ${holder?.pid ?? "unknown"}) has ${home.path}${where}`, {
      data: {
        why: IN_USE,
        ...(holder ? { pid: holder.pid, url: holder.url } : {}),
        hint: "Use the one that runs, stop it first, or give this one its own --home",
      },
    });
  }
  return {
    announce: (instance) => writeVolatile(recordPath(home), `${JSON.stringify(instance)}\n`),
    [Symbol.dispose]() {
      rmSync(recordPath(home), { force: true });
      lock[Symbol.dispose]();
    },
  };
}

/** The process that has the home now, if any: a record whose holder died counts for nothing. */
export async function findInstance(home: Home): Promise<Instance | undefined> {
  const record = readRecord(home);
  if (!record) return undefined;
  const lock = await lockFile(join(home.run, "lock"), { timeoutMs: 0 });
  if (!lock) return record;
  lock[Symbol.dispose]();
  return undefined;
}

function recordPath(home: Home): string {
  return join(home.run, "server.json");
}

function readRecord(home: Home): Instance | undefined {
  try {
    return JSON.parse(readFileSync(recordPath(home), "utf8")) as Instance;
  } catch {
    // Absent, or cut short by a crash: either way nobody can be named.
    return undefined;
  }
}
