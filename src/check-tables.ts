/** What the schema of config.toml cannot know: the options of each kind of provider and interface. */
import { checkInterfaces } from "./channel/check-interfaces.ts";
import { channels } from "./channels/index.ts";
import type { Problem } from "./config/problem.ts";
import type { Config } from "./config/schema.ts";
import { createLog } from "./lib/log.ts";
import { providers } from "./providers/index.ts";
import { checkProviders } from "./providers/models/check-providers.ts";
import { Protocols } from "./providers/protocols.ts";

/** `protocols` is the folder of the protocol adapters, which are kinds of providers too. */
export async function checkTables(config: Config, protocols: string): Promise<readonly Problem[]> {
  // What it would say is in the problems.
  const log = createLog({ write: () => undefined, level: () => "error" });
  const { types } = new Protocols({ folder: protocols, builtIn: providers, log });
  return [...(await checkProviders(config, types)), ...(await checkInterfaces(config, channels))];
}
