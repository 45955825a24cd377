/** A stand-in for the server, to be started as any user: removes a profile with a folder that is closed, and prints what is left. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeLeftovers } from "../../src/browser/process.ts";

export interface LeftoversReport {
  readonly failed: string | null;
  readonly left: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), "aleph-leftovers-"));
const closed = join(folder, "browser-x", "closed");
mkdirSync(closed, { recursive: true });
writeFileSync(join(closed, "file"), "");
chmodSync(closed, 0);
const failed = await removeLeftovers(folder).then(() => null, String);
const left = readdirSync(folder);
if (left.length > 0) chmodSync(closed, 0o700);
rmSync(folder, { recursive: true });
const report: LeftoversReport = { failed, left };
console.log(JSON.stringify(report));
