/** The certificate by which a node knows its center, as `credentials/center.json` of the node's home has it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../config/home.ts";
import { writeAtomic } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";

/** In PEM; undefined when none was pinned for this address. Throws `config_invalid` for a file that holds something else. */
export function readPinned(home: Home, center: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(home), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const pinned = parse(text);
  if (pinned) return pinned.center === center ? pinned.certificate : undefined;
  // To go on without it would be to believe anybody.
  throw new AlephError("config_invalid", "The file with the center's certificate is damaged", {
    data: {
      issues: [{ path: "credentials/center.json", message: "must hold what aleph-server node wrote" }],
      hint: `Remove ${pathOf(home)} and start the node with --fingerprint SHA256`,
    },
  });
}

/** In place of what was pinned before. */
export function keepPinned(home: Home, center: string, certificate: string): void {
  writeAtomic(pathOf(home), `${JSON.stringify({ center, certificate }, undefined, 2)}\n`);
}

function pathOf(home: Home): string {
  return join(home.credentials, "center.json");
}

function parse(text: string): { readonly center: string; readonly certificate: string } | undefined {
  let value: { readonly center?: unknown; readonly certificate?: unknown } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    // As what is not ours in any other way.
    return undefined;
  }
  const { center, certificate } = value ?? {};
  return typeof center === "string" && typeof certificate === "string" ? { center, certificate } : undefined;
}
