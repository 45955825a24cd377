/** Secrets that stand in config.toml in the clear: found, and moved to where only their owner reads them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "../../config/document.ts";
import type { Home } from "../../config/home.ts";
import { isReference } from "../../config/secrets.ts";
import { createVault } from "../../config/vault.ts";
import { findings } from "../../doctor/findings.ts";
import { isSecretKey } from "../../lib/mask.ts";
import { isTable } from "../../lib/merge-patch.ts";
import type { Finding } from "../../protocol/finding.ts";
import type { Invocation } from "../command.ts";
import { patchAt } from "../config-path.ts";
import { withClient } from "../connection.ts";
import { LOCAL } from "../remotes.ts";
import type { Repair } from "./repairs.ts";

interface Secret {
  readonly path: readonly string[];
  readonly value: string;
}

/** Needs a valid config. */
export async function checkClearSecrets(
  home: Home,
  invocation: Pick<Invocation, "env" | "terminal">,
): Promise<{ readonly found: readonly Finding[]; readonly repairs: readonly Repair[] }> {
  if (!existsSync(home.config)) return { found: [], repairs: [] };
  const { document } = await parseDocument(readFileSync(home.config, "utf8"));
  const secrets = secretsIn(document, []);
  if (secrets.length === 0) return { found: [], repairs: [] };
  const names = secrets.map(({ path }) => path.join("."));
  const found = [
    findings("secrets").warn(
      `config.toml has in the clear: ${names.join(", ")}`,
      "aleph doctor --fix moves them to files that their owner alone reads; copies and versions of the file still have them",
    ),
  ];
  return {
    found,
    repairs: [
      {
        what: `Move ${names.join(", ")} from config.toml to files that their owner alone reads`,
        safe: false,
        mends: found,
        run: () => move(home, secrets, invocation),
      },
    ],
  };
}

async function move(
  home: Home,
  secrets: readonly Secret[],
  invocation: Pick<Invocation, "env" | "terminal">,
): Promise<void> {
  const vault = createVault(home);
  const flags = { home: home.path, config: home.config, "remote-name": LOCAL };
  await withClient(flags, invocation, async ({ client }) => {
    for (const { path, value } of secrets) {
      const reference = await vault.keep(freeName(home, path), value, "file");
      await client.call("config.patch", { patch: patchAt(path, reference) });
    }
  });
}

/** Two keys may differ only in signs that no file name should have, and a file that is there may be in use. */
function freeName(home: Home, path: readonly string[]): string {
  const name = path.join("-").replace(/[^A-Za-z0-9_.-]/g, "_");
  for (let count = 1; ; count++) {
    const free = count === 1 ? name : `${name}-${count}`;
    if (!existsSync(join(home.credentials, free))) return free;
  }
}

function secretsIn(value: unknown, path: readonly string[]): readonly Secret[] {
  if (isTable(value)) return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, [...path, key]));
  const isOne = typeof value === "string" && value !== "" && !isReference(value) && isSecretKey(path.at(-1) ?? "");
  return isOne ? [{ path, value }] : [];
}
