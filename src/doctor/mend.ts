/** Does what a finding of the doctor names as its fix. */
import { chmodSync, existsSync } from "node:fs";
import type { Home } from "../config/home.ts";
import type { Fix } from "../protocol/finding.ts";
import { closeCredentials } from "./files.ts";

const FIXES: Readonly<Record<Fix, (home: Home) => void>> = {
  close_home(home) {
    if (existsSync(home.path)) chmodSync(home.path, 0o700);
  },
  close_credentials: closeCredentials,
};

/** Throws the system's error when it may not. */
export function mend(home: Home, fix: Fix): void {
  FIXES[fix](home);
}
