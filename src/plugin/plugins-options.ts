/** What the plugins need of the rest of Aleph. */
import type { Config } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Timer } from "../lib/watch.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import type { Store } from "../sdk/store.ts";
import type { BundledOptions } from "./bundled/bundled.ts";
import type { RootOptions } from "./discovery.ts";
import type { OpeningOptions } from "./opening.ts";

export interface PluginsOptions {
  readonly folders: Omit<RootOptions, "searchPaths">;
  readonly runtimes: OpeningOptions["runtimes"];
  readonly host: OpeningOptions["host"];
  readonly supervise: OpeningOptions["supervise"];
  readonly config: () => Pick<Config, "extensions">;
  /** Called when what `config` gives has changed, until disposed. */
  readonly onConfigChange: (listener: () => void) => Disposable;
  readonly builtInTools: readonly string[];
  /** Of Aleph. */
  readonly version: string;
  /** Loads the plugins that came with Aleph. */
  readonly bundled: BundledOptions["load"];
  readonly store: Store;
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How far this machine confines the code of plugins. */
  readonly sandboxLevel: () => Promise<SandboxLevel>;
  readonly timer?: Timer;
}
