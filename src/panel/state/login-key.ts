/** The key of a login: half of what the server asks for; the other half is a cookie that no script can read. */
import type { KeptValues } from "./storage.ts";

const NAME = "aleph.session_token";

export function readLoginKey(kept: KeptValues): string | undefined {
  const key = kept.read(NAME);
  return typeof key === "string" ? key : undefined;
}

export function writeLoginKey(kept: KeptValues, key: string | undefined): void {
  kept.write(NAME, key);
}
