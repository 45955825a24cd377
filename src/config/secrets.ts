/** Secret references: `env:NAME`, `file:PATH` and `keychain:NAME` in place of a secret, resolved when it is needed. */
import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { AlephError } from "../protocol/errors.ts";
import type { Environment } from "./environment.ts";
import type { Home } from "./home.ts";

export interface SecretSources {
  readonly env: Environment;
  /** Relative `file:` paths begin here. */
  readonly home: Home;
  /** The system's keychain; null when it has no such entry. */
  readonly readKeychain?: (name: string) => Promise<string | null>;
}

/** The service under which the system's keychain keeps Aleph's entries. */
export const KEYCHAIN_SERVICE = "aleph";

const REFERENCE = /^(env|file|keychain):(.*)$/s;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Far more than any key or token needs; a wrong path must not fill the memory. */
const MAX_FILE_BYTES = 64 * 1024;

/** Whether `value` stands for a secret that is kept elsewhere. */
export function isReference(value: unknown): value is string {
  return typeof value === "string" && REFERENCE.test(value);
}

/** The secret that a reference names; any other string as it is. Throws `config_invalid` with what to do next. */
export async function resolveSecret(value: string, sources: SecretSources): Promise<string> {
  const [, kind, name = ""] = REFERENCE.exec(value) ?? [];
  switch (kind) {
    case "env":
      return fromEnvironment(name, sources.env);
    case "file":
      return fromFile(name, sources);
    case "keychain":
      return fromKeychain(name, sources.readKeychain ?? readSystemKeychain);
    default:
      return value;
  }
}

function fromEnvironment(name: string, env: Environment): string {
  if (!ENV_NAME.test(name)) {
    throw refuse(
      `env:${name}`,
      "does not name an environment variable",
      "Write it as env:NAME, for example env:OPENAI_API_KEY",
    );
  }
  const value = env.all[name];
  if (!value) throw refuse(`env:${name}`, "is not set", `Set the environment variable ${name} and start Aleph again`);
  return value;
}

function fromFile(path: string, { home, env }: SecretSources): string {
  const reference = `file:${path}`;
  const expanded = path.startsWith("~/") ? join(env.userHome, path.slice(2)) : path;
  const full = isAbsolute(expanded) ? expanded : join(home.path, expanded);
  let text: string;
  try {
    const stat = statSync(full);
    if (!stat.isFile()) throw refuse(reference, "is not a file", "Name a file that holds the secret and nothing else");
    if (process.platform !== "win32" && (stat.mode & 0o007) !== 0) {
      throw refuse(
        reference,
        "can be read by every user of this machine",
        "Close it with chmod 600 and reload the config",
      );
    }
    if (stat.size > MAX_FILE_BYTES) {
      throw refuse(reference, "is too large for a secret", "Name a file that holds the secret and nothing else");
    }
    text = readFileSync(full, "utf8").replace(/\r?\n$/, "");
  } catch (thrown) {
    if (thrown instanceof AlephError) throw thrown;
    const missing = (thrown as NodeJS.ErrnoException).code === "ENOENT";
    throw refuse(
      reference,
      missing ? "does not exist" : "cannot be read",
      missing
        ? "Make the file, readable by its owner alone; a relative path begins in ALEPH_HOME"
        : "Let the user that runs Aleph read it",
      thrown,
    );
  }
  if (text === "") throw refuse(reference, "is empty", "Write the secret into the file");
  return text;
}

async function fromKeychain(name: string, read: (name: string) => Promise<string | null>): Promise<string> {
  const reference = `keychain:${name}`;
  if (name === "") throw refuse(reference, "does not name an entry", "Write it as keychain:NAME");
  let value: string | null;
  try {
    value = await read(name);
  } catch (cause) {
    const hint = "Unlock the keychain of this machine, or use file:PATH or env:NAME where there is none";
    throw refuse(reference, "cannot be read", hint, cause);
  }
  if (!value) {
    const hint = `Store it in the keychain under service "${KEYCHAIN_SERVICE}" and name ${JSON.stringify(name)}`;
    throw refuse(reference, "is not in the keychain", hint);
  }
  return value;
}

function readSystemKeychain(name: string): Promise<string | null> {
  return Bun.secrets.get({ service: KEYCHAIN_SERVICE, name });
}

function refuse(reference: string, why: string, hint: string, cause?: unknown): AlephError {
  const message = `Secret reference ${JSON.stringify(reference)} ${why}`;
  return new AlephError("config_invalid", message, { cause, data: { issues: [{ path: "", message }], hint } });
}
