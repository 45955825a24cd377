/** Runs the attacks as root or as an ordinary user. */
import { join } from "node:path";
import type { DriverOptions, DriverReport } from "./driver.ts";

export type Who = "root" | "an ordinary user";

/** Nobody in particular; owns nothing. */
const OTHER = 65_534;

const isRoot = process.geteuid?.() === 0;
const setpriv = Bun.which("setpriv");

/** Whether the tests can start something as this user: root can be anyone, others only themselves. */
export function canBe(who: Who): boolean {
  return who === "root" ? isRoot : !isRoot || setpriv !== null;
}

export async function runDriver(options: DriverOptions, who: Who): Promise<DriverReport> {
  const become =
    isRoot && who !== "root" ? [setpriv ?? "", `--reuid=${OTHER}`, `--regid=${OTHER}`, "--clear-groups"] : [];
  const child = Bun.spawn([...become, process.execPath, join(import.meta.dir, "driver.ts"), JSON.stringify(options)], {
    cwd: "/",
    env: { ALEPH_TEST_SECRET: "of the server" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  if (stdout === "") throw new Error(`The driver failed: ${stderr}`);
  return JSON.parse(stdout) as DriverReport;
}
