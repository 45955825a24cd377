/** A core on a folder of its own that is gone afterwards: to try things without touching anybody's home. */

import { rm } from "node:fs/promises";
import { type Client, connect } from "../../client/client.ts";
import type { Environment } from "../../config/environment.ts";
import { homeAt } from "../../config/home.ts";
import type { ConfigInput } from "../../config/schema.ts";
import { temporaryFolder } from "../../lib/temporary-folder.ts";
import { VERSION } from "../../lib/version.ts";

export interface TemporaryCore {
  /** Instead of a config.toml. */
  readonly config: ConfigInput;
  /** The variables that providers are found in and `env:NAME` refers to; never written down. */
  readonly variables: Environment["all"];
}

/** Throws what keeps it from starting, and what `use` throws. */
export async function withTemporaryCore<T>(
  env: Environment,
  { config, variables }: TemporaryCore,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { startApp } = await import("../../app.ts");
  const path = await temporaryFolder("aleph-try-");
  try {
    await using app = await startApp({
      home: homeAt(path),
      env: { ...env, logLevel: undefined, all: variables },
      overrides: config,
      listen: false,
      // Whatever is wrong shows in the answers.
      writeLog: () => undefined,
    });
    using client = await connect({ open: () => app.openLocal(), client: { id: "cli", version: VERSION } });
    return await use(client);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
