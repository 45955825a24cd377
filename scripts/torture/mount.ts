/** A small file system in memory, mounted for one scenario. Only root may, and not in every container. */
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRoot } from "./scenario.ts";

export interface Mount extends AsyncDisposable {
  readonly path: string;
  remount(mode: "ro" | "rw"): Promise<void>;
}

export async function openMount(path: string, options: string): Promise<Mount> {
  mkdirSync(path, { recursive: true });
  await run("mount", "-t", "tmpfs", "-o", options, "none", path);
  return {
    path,
    remount: (mode) => run("mount", "-o", `remount,${mode}`, path),
    [Symbol.asyncDispose]: () => run("umount", "-l", path),
  };
}

/** Tries it: some containers have a root that may not. */
export function mountObstacle(): string | undefined {
  if (!isRoot()) return "only root may mount";
  const path = mkdtempSync(join(tmpdir(), "aleph-mount-"));
  try {
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "none", path]);
    if (mounted.exitCode !== 0) return `mount is not allowed: ${mounted.stderr.toString().trim()}`;
    Bun.spawnSync(["umount", "-l", path]);
    return undefined;
  } catch (error) {
    return `mount cannot be started: ${error}`;
  } finally {
    rmdirSync(path);
  }
}

async function run(...command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stderr: "pipe" });
  const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${errors.trim()}`);
}
