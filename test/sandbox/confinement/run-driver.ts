/** Runs the attacks as root or as an ordinary user. */
import { join } from "node:path";
import type { DriverOptions, DriverReport } from "./driver.ts";

export type Who = "root" | "root without capabilities" | "an ordinary user";

/** Nobody in particular; owns nothing. */
const OTHER = 65_534;

const isRoot = process.geteuid?.() === 0;
const setpriv = Bun.which("setpriv");

const BECOME: Readonly<Record<Who, readonly string[]>> = {
  root: [],
  // In some containers: it cannot be anybody else.
  "root without capabilities": ["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
  "an ordinary user": ["setpriv", `--reuid=${OTHER}`, `--regid=${OTHER}`, "--clear-groups"],
};

/**
 * Whether the tests can start something as this user: root can be anyone, others only themselves. An ordinary user must
 * be able to reach the checkout and the program that runs it.
 */
export function canBe(who: Who): boolean {
  if (who === "root") return isRoot;
  if (isRoot && who === "an ordinary user" && !isReachable()) return false;
  return setpriv === null ? !isRoot && who === "an ordinary user" : isRoot || who === "an ordinary user";
}

function isReachable(): boolean {
  if (setpriv === null) return false;
  const { exitCode } = Bun.spawnSync([...BECOME["an ordinary user"], process.execPath, "--version"], { cwd: "/" });
  const read = Bun.spawnSync([...BECOME["an ordinary user"], "cat", join(import.meta.dir, "driver.ts")], { cwd: "/" });
  return exitCode === 0 && read.exitCode === 0;
}

export function runDriver(options: DriverOptions, who: Who): Promise<DriverReport> {
  return runAs(who, join(import.meta.dir, "driver.ts"), options);
}

/** Runs a file that takes JSON and prints JSON. */
export async function runAs<T>(who: Who, file: string, options: unknown): Promise<T> {
  const become = isRoot ? BECOME[who] : [];
  const child = Bun.spawn([...become, process.execPath, file, JSON.stringify(options)], {
    cwd: "/",
    env: { PATH: process.env.PATH ?? "", ALEPH_TEST_SECRET: "of the server" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  if (stdout === "") throw new Error(`The driver failed: ${stderr}`);
  return JSON.parse(stdout) as T;
}
