/** The launcher of this process's commands, and the sandbox that it shares: loaded with the first of them. */
import type { Log } from "../lib/log.ts";
import { lookupAll } from "../lib/lookup-all.ts";
import { once } from "../lib/once.ts";
import { createLauncher, type Launcher, type LauncherOptions } from "./launcher.ts";

export interface OpenLauncherOptions extends Pick<LauncherOptions, "config" | "home" | "userHome"> {
  readonly log: Log;
}

export function openLauncher({ config, home, userHome, log }: OpenLauncherOptions): {
  readonly launcher: Launcher;
  readonly sandbox: LauncherOptions["sandbox"];
} {
  const sandbox = once(async () => {
    const { commandMethods, createSandbox } = await import("./sandbox.ts");
    return createSandbox({ methods: commandMethods });
  });
  const launcher = createLauncher({
    config,
    sandbox,
    home,
    userHome,
    lookup: lookupAll,
    onDenied: (target) => log.warn("a command tried to reach a host that it may not", { target }),
  });
  return { launcher, sandbox };
}
