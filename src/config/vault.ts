/** Secrets that Aleph keeps for a person: in a file that its owner alone reads, or in the keychain of this machine. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Home } from "./home.ts";
import { PASSWORD_FILE } from "./password-file.ts";
import { KEYCHAIN_SERVICE } from "./secrets.ts";

/** Where a secret is kept. */
export const KEPT_IN = ["file", "keychain"] as const;
export type KeptIn = (typeof KEPT_IN)[number];

const FOLDER = "file:credentials/";

export interface Vault {
  /** Gives the reference to it. Throws `storage_failed`. */
  keep(name: string, value: string, place: KeptIn): Promise<string>;
  /** Removes what `keep` would have kept under `name`; what a reference means otherwise is the person's. */
  drop(name: string, reference: string): Promise<void>;
}

export function createVault(home: Home): Vault {
  return {
    async keep(name, value, place) {
      try {
        return await keepSecret(home, name, value, place);
      } catch (cause) {
        throw notKept(cause, place);
      }
    },
    async drop(name, reference) {
      const own = fileOf(name);
      if (reference === `${FOLDER}${own}`) rmSync(join(home.credentials, own), { force: true });
      if (reference === `keychain:${name}`) await Bun.secrets.delete({ service: KEYCHAIN_SERVICE, name });
    },
  };
}

async function keepSecret(home: Home, name: string, value: string, place: KeptIn): Promise<string> {
  if (place === "keychain") {
    await Bun.secrets.set({ service: KEYCHAIN_SERVICE, name, value });
    return `keychain:${name}`;
  }
  const own = fileOf(name);
  writeAtomic(join(home.credentials, own), `${value}\n`, 0o600);
  return `${FOLDER}${own}`;
}

/** What Aleph itself keeps in that folder: nobody's secret may take its place, or go in its stead. */
const OWN = [
  "token",
  PASSWORD_FILE,
  "audit-key",
  "media-key",
  "device-key",
  "node.pem",
  "center.json",
  "tls",
  "mcp",
] as readonly string[];
const APART = "provider-";

function fileOf(name: string): string {
  const isTaken = OWN.includes(name.toLowerCase()) || name.startsWith(APART);
  return isTaken ? `${APART}${name}` : name;
}

function notKept(cause: unknown, place: KeptIn): AlephError {
  const hint =
    place === "keychain"
      ? "This machine has no keychain that can be used now: keep it in a file"
      : "Check that ALEPH_HOME can be written and the disk is not full";
  return new AlephError("storage_failed", "The secret could not be written", { cause, data: { hint } });
}
