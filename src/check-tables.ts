/** What the schema of config.toml cannot know: the options of each kind of provider and interface. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkInterfaces, findObstacles } from "./channel/check-interfaces.ts";
import { channels } from "./channels/index.ts";
import type { Home } from "./config/home.ts";
import type { Problem } from "./config/problem.ts";
import type { Config } from "./config/schema.ts";
import { createLog } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { providers } from "./providers/index.ts";
import { checkProviders } from "./providers/models/check-providers.ts";
import { Protocols } from "./providers/protocols.ts";

export interface CheckTablesOptions {
  /** Its protocol adapters are kinds of providers too, its plugins bring kinds and interfaces, its files make agents. */
  readonly home: Pick<Home, "protocols" | "plugins" | "run" | "agents">;
  readonly userHome: string;
  /** Where Aleph was started. */
  readonly workingFolder: string;
}

export async function checkTables(
  config: Config,
  { home, userHome, workingFolder }: CheckTablesOptions,
): Promise<readonly Problem[]> {
  // What it would say is in the problems.
  const log = createLog({ write: () => undefined, level: () => "error" });
  const { types } = new Protocols({ folder: home.protocols, builtIn: providers, log });
  // Asked only for what is not known otherwise.
  const declared = once(async () => {
    const [{ carried }, { declaredNames }, { pluginRoots }, { pluginFolders }] = await Promise.all([
      import("./plugin/bundled/carried.ts"),
      import("./plugin/declared-names.ts"),
      import("./plugin/discovery.ts"),
      import("./plugin/folders.ts"),
    ]);
    const folders = pluginFolders(home, userHome, workingFolder);
    return declaredNames(pluginRoots({ ...folders, searchPaths: config.extensions.search_paths }), carried);
  });
  const { webhooks, hooks } = config;
  const hasHooks = Object.keys({ ...webhooks.in, ...webhooks.out }).length + hooks.length > 0;
  const hasFile = (agent: string) => existsSync(join(home.agents, `${agent}.md`));
  const webhookProblems = hasHooks ? (await import("./webhook/check-webhooks.ts")).checkWebhooks(config, hasFile) : [];
  return [
    ...webhookProblems,
    ...(await checkProviders(config, types, async () => (await declared())?.providers)),
    ...(await checkInterfaces(config, channels, async () => (await declared())?.channels)),
  ];
}

/** Interfaces that are switched on and cannot work on this machine, and why. */
export function findInterfaceObstacles(config: Pick<Config, "interfaces">, platform: string) {
  return findObstacles(config, channels, platform);
}
