/** All that can be looked at without a server that answers: what lies on the disk, and what this machine can do. */
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import type { Finding } from "../protocol/finding.ts";
import { checkClock, checkConfig, checkCredentials, checkDatabase, checkDisk, checkHome } from "./files.ts";
import { lookAt } from "./findings.ts";
import { checkInterfaces } from "./interfaces.ts";
import { checkSandbox } from "./sandbox.ts";

export interface Machine {
  readonly home: Home;
  readonly env: Environment;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Check by check, in the order in which they are shown. Changes nothing. */
export async function* examineMachine({ home, env, now }: Machine): AsyncGenerator<readonly Finding[]> {
  const atHome = await lookAt("home", () => checkHome(home));
  yield atHome;
  yield await lookAt("credentials", () => checkCredentials(home));
  const config = await lookAt("config", () => checkConfig(home, env));
  yield config;
  yield await lookAt("database", () => checkDatabase(home));
  yield await lookAt("disk", () => checkDisk(home));
  yield await lookAt("clock", () => checkClock(home, now));
  yield await lookAt("sandbox", checkSandbox);
  // Reads the config.
  if (isUsable([...atHome, ...config])) yield await lookAt("interfaces", () => checkInterfaces(home, env));
}

/** Whether the home and the config are such that something can be started on them. */
export function isUsable(found: readonly Finding[]): boolean {
  return !found.some(({ check, status }) => status === "fail" && ["home", "config"].includes(check));
}
