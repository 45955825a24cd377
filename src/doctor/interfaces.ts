/** The check of the interfaces that the config switches on: whether they can work on this machine. */
import { openConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import { createLog } from "../lib/log.ts";
import type { Finding } from "../protocol/finding.ts";
import { findings } from "./findings.ts";

/** Needs a valid config. */
export async function checkInterfaces(home: Home, env: Environment): Promise<readonly Finding[]> {
  const { ok, warn } = findings("interfaces");
  const { findInterfaceObstacles } = await import("../check-tables.ts");
  const { current } = await openConfig({
    home,
    env,
    log: createLog({ write: () => undefined, level: () => "error" }),
  });
  const ids = Object.entries(current.interfaces).flatMap(([id, { enabled = true }]) => (enabled ? [id] : []));
  if (ids.length === 0) return [];
  const obstacles = await findInterfaceObstacles(current, process.platform);
  if (obstacles.length === 0) return [ok(`${ids.join(", ")} can work here; their state: aleph interfaces`)];
  return obstacles.map(({ id, obstacle }) =>
    warn(
      `${id}: ${obstacle}`,
      `See docs/channels.md, or switch it off: aleph config set interfaces.${id}.enabled false`,
    ),
  );
}
