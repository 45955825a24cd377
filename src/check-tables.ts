/** What the schema of config.toml cannot know: the options of each kind of provider and interface, and which agents there are. */
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
  const webhookProblems = hasHooks ? (await import("./webhook/check-webhooks.ts")).checkWebhooks(config) : [];
  return [
    ...webhookProblems,
    ...checkAgents(config, home),
    ...(await checkProviders(config, types, async () => (await declared())?.providers)),
    ...(await checkInterfaces(config, channels, async () => (await declared())?.channels)),
  ];
}

/** Agents that are named where nobody is told at once that they are not there. */
function checkAgents(config: Config, { agents: folder }: Pick<Home, "agents">): readonly Problem[] {
  const { agents, interfaces, webhooks, hooks, a2a, heartbeat } = config;
  const named: readonly (readonly [path: Problem["path"], agent: unknown])[] = [
    ...Object.entries(interfaces).map(([id, { agent }]) => [["interfaces", id, "agent"], agent] as const),
    ...Object.entries(webhooks.in).map(([id, { agent }]) => [["webhooks", "in", id, "agent"], agent] as const),
    ...hooks.map(({ agent }, at) => [["hooks", at, "agent"], agent] as const),
    ...heartbeat.agents.map((agent, at) => [["heartbeat", "agents", at], agent] as const),
    [["a2a", "agent"], a2a.agent],
  ];
  return named.flatMap(([path, agent]) => {
    // What is no name is told of by the schema.
    if (typeof agent !== "string" || agent === "main" || Object.hasOwn(agents, agent)) return [];
    if (existsSync(join(folder, `${agent}.md`))) return [];
    return [{ path, message: `names agent "${agent}", which has neither a table nor a file` }];
  });
}

/** Interfaces that are switched on and cannot work on this machine, and why. */
export function findInterfaceObstacles(config: Pick<Config, "interfaces">, platform: string) {
  return findObstacles(config, channels, platform);
}
