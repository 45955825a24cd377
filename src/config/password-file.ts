/** The owner's password for the panel, where one is set: its argon2id hash in `credentials/password`, for the owner alone. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";

export const PASSWORD_FILE = "password";
const SHORTEST = 10;
/** What is hashed at each try should not be chosen by whoever tries. */
export const LONGEST_PASSWORD = 1024;

/** The hash, if there is a password. */
export function readPasswordHash(credentials: string): string | undefined {
  try {
    return readFileSync(join(credentials, PASSWORD_FILE), "utf8").trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Throws `invalid_params` for a password that is too short or too long. */
export async function setPassword(credentials: string, password: string): Promise<void> {
  if (password.length < SHORTEST || password.length > LONGEST_PASSWORD) {
    throw new AlephError("invalid_params", `A password has ${SHORTEST} to ${LONGEST_PASSWORD} characters`, {
      data: { issues: [{ path: "password", message: `must have ${SHORTEST} to ${LONGEST_PASSWORD} characters` }] },
    });
  }
  writeAtomic(join(credentials, PASSWORD_FILE), `${await Bun.password.hash(password, "argon2id")}\n`);
}

/** Whether there was one. */
export function removePassword(credentials: string): boolean {
  const had = readPasswordHash(credentials) !== undefined;
  rmSync(join(credentials, PASSWORD_FILE), { force: true });
  return had;
}
