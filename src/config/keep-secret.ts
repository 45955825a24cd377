/** Secrets that Aleph keeps for a person: in a file that its owner alone reads, or in the keychain of this machine. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import type { Home } from "./home.ts";
import { KEYCHAIN_SERVICE } from "./secrets.ts";

/** Where a secret is kept. */
export const KEPT_IN = ["file", "keychain"] as const;
export type KeptIn = (typeof KEPT_IN)[number];

const FOLDER = "file:credentials/";

/** Gives the reference to it. Throws the system's error when it cannot be written. */
export async function keepSecret(home: Home, name: string, value: string, place: KeptIn): Promise<string> {
  if (place === "keychain") {
    await Bun.secrets.set({ service: KEYCHAIN_SERVICE, name, value });
    return `keychain:${name}`;
  }
  // credentials/token is the owner's.
  const own = name === "token" ? "provider-token" : name;
  writeAtomic(join(home.credentials, own), `${value}\n`, 0o600);
  return `${FOLDER}${own}`;
}

/** Removes what `keepSecret` would have kept under `name`; what a reference means otherwise is the person's. */
export async function dropSecret(home: Home, name: string, reference: string): Promise<void> {
  const own = name === "token" ? "provider-token" : name;
  if (reference === `${FOLDER}${own}`) rmSync(join(home.credentials, own), { force: true });
  if (reference === `keychain:${name}`) await Bun.secrets.delete({ service: KEYCHAIN_SERVICE, name });
}
