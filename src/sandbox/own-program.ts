/** How this program starts itself once more, compiled or from source. */
import { join } from "node:path";

export interface OwnProgram {
  /** What stands before the words of a command: `[...argv, "__sandbox-exec"]`. */
  readonly argv: readonly string[];
  /** A plain Bun when `BUN_BE_BUN=1` is in its environment; from source it is one anyway. */
  readonly bun: string;
  /** What a child of ours must be able to read to run our code; nothing when all is in the executable. */
  readonly sources: readonly string[];
}

export function ownProgram(): OwnProgram {
  const bun = process.execPath;
  if (Bun.isStandaloneExecutable) return { argv: [bun], bun, sources: [] };
  const root = join(import.meta.dir, "../..");
  return {
    argv: [bun, join(root, "src/main.ts")],
    bun,
    sources: ["src", "node_modules", "package.json", "tsconfig.json"].map((name) => join(root, name)),
  };
}
