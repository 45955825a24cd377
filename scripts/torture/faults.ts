/** The shim of faults.c: compiled once, and switched from outside while the server runs. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const SLOTS = ["write_errno", "sync_errno", "read_errno", "sync_delay_us", "clock_offset_ms", "hits", "syncs"] as const;
const WORD = 8;

/** Of Linux. */
export const ERRNO = { EIO: 5, ENOSPC: 28, EROFS: 30 } as const;

export interface Faults {
  readonly env: Readonly<Record<string, string>>;
  set(slot: Exclude<(typeof SLOTS)[number], "hits" | "syncs">, value: number): void;
  /** How often the shim did what it was told: a fault that never struck proves nothing. */
  hits(): number;
}

export function compilerObstacle(): string | undefined {
  if (process.platform !== "linux") return "the shim is for Linux";
  return (Bun.which("gcc") ?? Bun.which("cc")) ? undefined : "no C compiler";
}

/** `folder` takes the compiled shim and its control file; what is below `home` fails. */
export async function openFaults(folder: string, home: string): Promise<Faults> {
  const library = join(folder, "faults.so");
  const control = join(folder, "faults.control");
  const source = join(import.meta.dir, "faults.c");
  const compiler = Bun.which("gcc") ?? Bun.which("cc") ?? "cc";
  const child = Bun.spawn([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], { stderr: "pipe" });
  const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`The shim does not compile:\n${errors}`);
  writeFileSync(control, new Uint8Array((SLOTS.length + 1) * WORD));
  return {
    env: { LD_PRELOAD: library, FAULTS_HOME: home, FAULTS_CONTROL: control },
    set(slot, value) {
      const word = Buffer.alloc(WORD);
      word.writeBigInt64LE(BigInt(value));
      const file = openSync(control, "r+");
      writeSync(file, word, 0, WORD, SLOTS.indexOf(slot) * WORD);
      closeSync(file);
    },
    hits: () => Number(readFileSync(control).readBigInt64LE(SLOTS.indexOf("hits") * WORD)),
  };
}
