/** Whether the server that a service manager started stays up: that it was started says little. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Home } from "../config/home.ts";
import { findInstance } from "../config/instance.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ServiceManager } from "../service/manager.ts";

/** As long as a server takes that finds its home or its port taken, or its config not valid. */
const WATCH_MS = 3000;
const EVERY_MS = 100;

/**
 * Resolves when the server of the service listens, or has run for a while. Throws `conflict` when it ended. Without `home`,
 * of a service whose folder is another user's, only the manager is asked.
 */
export async function staysUp(manager: ServiceManager, home: Home | undefined): Promise<void> {
  for (let waited = 0; waited < WATCH_MS; waited += EVERY_MS) {
    const { running, state, pid } = await manager.status();
    if (!running) {
      throw new AlephError("conflict", `The service was started, and the server ended (${state})`, {
        data: { hint: `What it wrote: ${manager.log}. Then: aleph service restart` },
      });
    }
    const instance = home && (await findInstance(home));
    if (instance?.url !== undefined && instance.pid === pid) return;
    await sleep(EVERY_MS);
  }
}
