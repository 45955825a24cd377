/** The compiled server as root or as an ordinary user, who then owns its home. */
import { chmodSync, chownSync, copyFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Who } from "../sandbox/confinement/run-driver.ts";
import { executablePath, type Server, type ServerOptions, startServer } from "./executable.ts";

/** Nobody in particular; owns nothing else. */
const OTHER = 65_534;

export async function startServerAs(who: Who, options: ServerOptions): Promise<Server> {
  if (who === "root" || process.geteuid?.() !== 0) return await startServer(options);
  // Where the checkout is may be closed to others.
  const copy = join(options.home, "aleph-server");
  copyFileSync(executablePath(), copy);
  chmodSync(copy, 0o755);
  await give(options.home);
  const become = ["--reuid", String(OTHER), "--regid", String(OTHER), "--clear-groups"];
  return await startServer({
    ...options,
    file: Bun.which("setpriv") ?? "",
    command: [...become, copy, ...(options.command ?? ["serve"])],
  });
}

/** With all that is in it; links stay where they are. */
async function give(folder: string): Promise<void> {
  chownSync(folder, OTHER, OTHER);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), OTHER, OTHER);
  }
}
