/** The owner's gateway token: 256 bits in `credentials/token`, made at the first start. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { createSecret } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { watchFolder } from "../lib/watch.ts";
import { AlephError } from "../protocol/errors.ts";

export interface OwnerToken {
  readonly token: string;
  /** Where it is kept. */
  readonly path: string;
  /** Whether this call made it. */
  readonly created: boolean;
}

/** Reads the token, or makes one (mode 0600, synced). Throws `config_invalid` when the file holds too little. */
export function ensureOwnerToken(credentials: string): OwnerToken {
  const path = join(credentials, "token");
  const existing = readOwnerToken(credentials);
  if (existing !== undefined) return { token: existing, path, created: false };
  return { token: replaceOwnerToken(credentials), path, created: true };
}

/** Puts a new token in place of the old one, or of none: whole, synced, for its owner alone. */
export function replaceOwnerToken(credentials: string): string {
  const token = createSecret("own");
  writeAtomic(join(credentials, "token"), `${token}\n`);
  return token;
}

/** The token, if there is one. Throws `config_invalid` when it is too short to be safe. */
export function readOwnerToken(credentials: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(credentials, "token"), "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (text.length < 32) {
    throw new AlephError("config_invalid", "The owner's token is shorter than 32 characters", {
      data: {
        issues: [{ path: "credentials/token", message: "must have at least 32 characters" }],
        hint: "Remove the file: the next start makes a new one",
      },
    });
  }
  return text;
}

export interface FollowOptions {
  readonly log: Log;
  readonly onReplaced: (token: string, previous: string) => void;
}

/** Tells when someone replaces the token while the server runs. */
export function followOwnerToken(credentials: string, first: string, { log, onReplaced }: FollowOptions): Disposable {
  let current = first;
  function look(): void {
    let next: string | undefined;
    try {
      next = readOwnerToken(credentials);
    } catch (error) {
      log.error("the owner's token cannot be read, the old one stays", describeError(error));
      return;
    }
    if (next === undefined) {
      log.warn("the file with the owner's token is gone; the token counts until the server stops");
    } else if (next !== current) {
      const previous = current;
      current = next;
      log.info("the owner's token was replaced");
      onReplaced(next, previous);
    }
  }
  return watchFolder(credentials, { names: ["token"], onChange: look, debounceMs: 100 });
}
