/** Writes what the wizard found out: the key where only its owner reads it, config.toml with a reference to it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openConfig } from "../../config/config.ts";
import type { Environment } from "../../config/environment.ts";
import { ensureHome, type Home } from "../../config/home.ts";
import { configJsonSchema } from "../../config/json-schema.ts";
import { createVault } from "../../config/vault.ts";
import { writeAtomic } from "../../lib/atomic-write.ts";
import { createLog } from "../../lib/log.ts";
import type { Candidate } from "./candidate.ts";
import { tableOf } from "./candidate.ts";

/** Where the key is kept. */
export type KeyPlace =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "file" }
  | { readonly kind: "keychain" };

export interface Saving {
  readonly home: Home;
  readonly env: Environment;
  /** Nothing when only the file itself is wanted. */
  readonly candidate: Candidate | undefined;
  /** Nothing for a provider without a key. */
  readonly place: KeyPlace | undefined;
  /** Becomes `models.default`. */
  readonly defaultModel: string | undefined;
}

/** What config.toml says already. */
export interface Current {
  readonly providers: readonly string[];
  readonly defaultModel: string | undefined;
}

const quiet = () => createLog({ write: () => undefined, level: () => "error" });

/** Throws `config_invalid`: a file that is not valid is the person's to mend, before anything is asked. */
export async function readCurrent(home: Home, env: Environment): Promise<Current> {
  if (!existsSync(home.config)) return { providers: [], defaultModel: undefined };
  const { current } = await openConfig({ home, env, log: quiet() });
  return { providers: Object.keys(current.providers), defaultModel: current.models.default };
}

const SCHEMA_FILE = "config.schema.json";

/** Throws `config_invalid` when the file there is not valid, `storage_failed` or the system's error when it cannot write. */
export async function saveCandidate({ home, env, candidate, place, defaultModel }: Saving): Promise<void> {
  ensureHome(home);
  const reference = place === undefined || candidate === undefined ? undefined : await keepKey(home, candidate, place);
  writeAtomic(join(home.path, SCHEMA_FILE), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  if (!existsSync(home.config)) {
    // Editors that know the line offer completion and check what is written.
    writeAtomic(
      home.config,
      `#:schema ${home.config === join(home.path, "config.toml") ? "./" : `${home.path}/`}${SCHEMA_FILE}\n`,
    );
  }
  if (candidate === undefined) return;
  const config = await openConfig({ home, env, log: quiet() });
  await config.patch({
    providers: { [candidate.id]: tableOf(candidate, reference) },
    ...(defaultModel === undefined ? {} : { models: { default: defaultModel } }),
  });
}

async function keepKey(home: Home, { id, key }: Candidate, place: KeyPlace): Promise<string | undefined> {
  if (place.kind === "variable") return `env:${place.name}`;
  if (key === undefined) return undefined;
  return createVault(home).keep(id, key, place.kind);
}
