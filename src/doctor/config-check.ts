/** Checks a config file as a start would, without a start and without leaving a trace. */
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { openConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { homeAt } from "../config/home.ts";
import { issuesOf } from "../config/problem.ts";
import { createLog } from "../lib/log.ts";
import { temporaryFolder } from "../lib/temporary-folder.ts";
import type { Issue } from "../protocol/errors.ts";

/** Empty when it is valid. */
export async function checkConfigFile(path: string, env: Environment): Promise<readonly Issue[]> {
  const { checkTables } = await import("../check-tables.ts");
  // A home of its own: what is remembered there of valid texts must neither help nor suffer.
  const folder = await temporaryFolder("aleph-check-");
  const log = createLog({ write: () => undefined, level: () => "error" });
  // The protocol adapters and plugins are those beside the file.
  const beside = { home: homeAt(dirname(path)), userHome: env.userHome, workingFolder: process.cwd() };
  try {
    await openConfig({ home: homeAt(folder, path), env, log, check: (config) => checkTables(config, beside) });
    return [];
  } catch (thrown) {
    return issuesOf(thrown);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
