/** Tries a way to confine a process: a child attempts what it must not be able to do, and what it must. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../lib/temporary-folder.ts";
import { startChild } from "./child.ts";
import { ENGINE_ENV } from "./engine-env.ts";
import type { SandboxMethod } from "./method.ts";
import type { OwnProgram } from "./own-program.ts";
import attacks from "./self-test.txt" with { type: "text" };

/** Much longer than it takes on a busy machine. */
const LIMIT_MS = 20_000;

/** What it can do, in words, or what stands in the way. */
export async function trySandbox(
  method: SandboxMethod,
  program: OwnProgram,
): Promise<{ readonly reason: string } | { readonly problem: string }> {
  const folder = await temporaryFolder("aleph-sandbox-");
  const [inside, outside] = [join(folder, "inside"), join(folder, "outside")];
  using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  try {
    // Other users may come this far, or only their lack of rights would be tried.
    chmodSync(folder, 0o755);
    mkdirSync(inside);
    mkdirSync(outside, { mode: 0o777 });
    writeFileSync(join(outside, "secret"), "secret");
    const started = await startChild(
      method.prepare({
        argv: [program.bun, "-e", attacks, inside, outside, String(listener.port), String(process.pid)],
        cwd: inside,
        env: { ...ENGINE_ENV, BUN_BE_BUN: "1" },
        confinement: {
          read: [],
          write: [inside],
          execute: [],
          processes: 1,
          network: "none",
          memoryBytes: 1 << 30,
          fileBytes: 1 << 20,
          openFiles: 128,
        },
      }),
      method.level,
    );
    await using child = started.child;
    const timer = setTimeout(() => child.kill(), LIMIT_MS);
    const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    clearTimeout(timer);
    const found = readResult(output);
    if (!found) return { problem: `its test did not run: ${errors.trim().slice(-300)}` };
    if (found.length > 0) return { problem: `it let a confined process ${found.join(", ")}` };
    const version = started.landlock === undefined || started.landlock === 0 ? "" : ` (ABI ${started.landlock})`;
    return { reason: `${method.name}${version}, tried out` };
  } catch (thrown) {
    return { problem: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the attacks achieved; undefined when the script did not come to its end or could not do what it may. */
function readResult(output: string): readonly string[] | undefined {
  try {
    const result: unknown = JSON.parse(output);
    return Array.isArray(result) && result.every((name) => typeof name === "string") ? result : undefined;
  } catch {
    // Not even a list: it was stopped on its way.
    return undefined;
  }
}
