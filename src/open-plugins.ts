/** The part of the composition root that makes what plugins need: their folders, their runtimes, their way to the network. */

import type { ConfigStore } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { Log } from "./lib/log.ts";
import { lookupAll } from "./lib/lookup-all.ts";
import { once } from "./lib/once.ts";
import { pause } from "./lib/pause.ts";
import { VERSION } from "./lib/version.ts";
import { pluginFolders } from "./plugin/folders.ts";
import type { Installer } from "./plugin/install/installer.ts";
import { Plugins } from "./plugin/plugins.ts";
import { withNeeds } from "./plugin/runtime-needs.ts";
import { runtimes } from "./plugin/runtimes/index.ts";
import type { Publisher } from "./sdk/bus.ts";
import type { Store } from "./sdk/store.ts";
import { tools } from "./tools/index.ts";

export interface OpenPluginsOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: Pick<ConfigStore, "current" | "onChange">;
  readonly store: Store;
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly fetch: typeof fetch;
}

/** Nothing is read before they are asked for. */
export function openPlugins(options: OpenPluginsOptions): Plugins {
  const { home, env, config, store, bus, log, now, monotonic, fetch } = options;
  const { userHome } = env;
  const current = () => config.current;
  const sandbox = once(async () => (await import("./sandbox/sandbox.ts")).createSandbox());
  return new Plugins({
    folders: pluginFolders(home, userHome, process.cwd()),
    runtimes: withNeeds(runtimes, { sandbox, runFolder: home.run }),
    host: {
      run: home.run,
      places: { userHome, alephHome: home.path, config: home.config, workspaces: home.workspaces },
      config: current,
      env: env.all,
      async network(rules, onDenied) {
        const { createNetworkDoor } = await import("./sandbox/broker.ts");
        return createNetworkDoor({ rules, onDenied, fetch, lookup: lookupAll });
      },
    },
    supervise: { now: monotonic, wait: pause },
    config: current,
    onConfigChange: (listener) =>
      config.onChange((sections) => {
        if (sections.includes("extensions")) listener();
      }),
    builtInTools: Object.keys(tools),
    version: VERSION,
    bundled: async () => (await import("./plugin/bundled/carried.ts")).carried,
    store,
    bus,
    log,
    now,
    sandboxLevel: async () => (await (await sandbox()).report()).level,
  });
}

/** What installs and removes them; loaded at its first use. */
export function createInstaller(options: OpenPluginsOptions, plugins: Plugins): () => Promise<Installer> {
  const { home, config, store, log, now, fetch } = options;
  return once(async () => {
    const { Installer } = await import("./plugin/install/installer.ts");
    const git = { path: () => config.current.exec.path };
    return new Installer({
      folder: home.plugins,
      plugins,
      store,
      version: VERSION,
      log,
      now,
      fetch,
      lookup: lookupAll,
      git,
    });
  });
}
