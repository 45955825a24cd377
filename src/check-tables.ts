/** What the schema of config.toml cannot know: the options of each kind of provider and interface. */
import { checkInterfaces } from "./channel/check-interfaces.ts";
import { channels } from "./channels/index.ts";
import type { Problem } from "./config/problem.ts";
import type { Config } from "./config/schema.ts";
import { providers } from "./providers/index.ts";
import { checkProviders } from "./providers/models/check-providers.ts";

export async function checkTables(config: Config): Promise<readonly Problem[]> {
  return [...(await checkProviders(config, providers)), ...(await checkInterfaces(config, channels))];
}
