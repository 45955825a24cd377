/** The part of the composition root that makes what skills need; nothing is loaded before they are asked for. */

import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./config/home.ts";
import type { Config } from "./config/schema.ts";
import { isWithin } from "./lib/is-within.ts";
import type { Log } from "./lib/log.ts";
import { lookupAll } from "./lib/lookup-all.ts";
import { once } from "./lib/once.ts";
import { Trust } from "./plugin/trust.ts";
import type { ActivePlugins } from "./sdk/plugin.ts";
import type { Store } from "./sdk/store.ts";
import type { aboutSkills } from "./skill/prompt.ts";

export interface OpenSkillsOptions {
  readonly home: Home;
  readonly store: Store;
  readonly plugins: ActivePlugins;
  /** Of an agent. */
  readonly workspace: (agent: string) => string;
  readonly config: () => Config;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly fetch: typeof fetch;
}

export function openSkills({ home, store, plugins, workspace, config, log, now, fetch }: OpenSkillsOptions) {
  const skills = once(async () => {
    const { Skills } = await import("./skill/skills.ts");
    return new Skills({ folder: home.skills, copies: join(home.run, "skills"), workspace, plugins, store, now });
  });
  const trust = new Trust({ store, now });
  return {
    skills,
    skillOffer: {
      load: async (name: string, agent: string) => (await skills()).load(name, agent),
      active: async (agent: string) => (await skills()).active(agent),
    },
    /** Whether a stranger may have filled the folder: it is none of those that Aleph made, and nobody said that it is trusted. */
    isForeign: (folder: string) => !isWithin(realpathSync(home.workspaces), folder) && !trust.isTrusted(folder),
    async aboutSkills(run: Parameters<typeof aboutSkills>[1]) {
      return (await import("./skill/prompt.ts")).aboutSkills(await skills(), run);
    },
    skillInstaller: once(async () => {
      const { SkillInstaller } = await import("./skill/skill-installer.ts");
      const git = { path: () => config().exec.path };
      return new SkillInstaller({ folder: home.skills, skills: await skills(), log, fetch, lookup: lookupAll, git });
    }),
  };
}
