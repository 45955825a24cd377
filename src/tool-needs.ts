/** The part of the composition root that waits for the first tool call: what tools need to do their work. */
import { lookup } from "node:dns/promises";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { Config } from "./config/schema.ts";
import type { Media } from "./media/media.ts";
import { createCommandPolicy } from "./policy/command-policy.ts";
import { createEgress } from "./sandbox/egress.ts";
import { createFiles } from "./sandbox/files.ts";
import { createLauncher } from "./sandbox/launcher.ts";
import { SessionStates } from "./session/state.ts";
import type { Stores } from "./session/stores.ts";
import type { ToolNeeds } from "./tools/index.ts";

export interface ToolNeedsOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: () => Config;
  readonly media: Media;
  readonly stores: Stores;
  readonly now: () => number;
  readonly fetch: typeof fetch;
}

export function makeToolNeeds({ home, env, config, media, stores, now, fetch }: ToolNeedsOptions): ToolNeeds {
  return {
    files: createFiles({ home }),
    media,
    egress: createEgress({ lookup: lookupAll, fetch, allowHosts: () => config().tools.web_fetch.allow_hosts }),
    commands: createCommandPolicy({ guarded: { home, userHome: env.userHome, pid: process.pid }, config }),
    launcher: createLauncher({ config }),
    sessionState: new SessionStates({ stores, now }),
    config,
    now,
  };
}

async function lookupAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
