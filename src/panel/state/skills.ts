/** The skills of the agent: read when their page is opened, and again after each act. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { WireSkill } from "../../protocol/skill.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";
import { untrustedOf } from "./plugins.ts";

export type InstalledSkill = Result<"skills.install">;

/** What the owner may do with one. */
export type SkillAct = "activate" | "deactivate" | "uninstall";

export interface Skills {
  /** Undefined until it is known. */
  readonly list: ReadonlySignal<readonly WireSkill[] | undefined>;
  /** Folders whose skills are off because nobody said that they are trusted. */
  readonly untrusted: ReadonlySignal<readonly string[]>;
  readonly phase: ReadonlySignal<Phase>;
  /** How many wait for an approval, as far as is known. */
  readonly waiting: ReadonlySignal<number>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** As `load`, where it was loaded before. */
  renew(): Promise<void>;
  /** Rejects with the server's reason. What is activated is what is shown. */
  act(skill: WireSkill, act: SkillAct): Promise<void>;
  /** `path`: where in the source the skill is, when there are several. It waits for its approval then. */
  install(source: string, path: string): Promise<InstalledSkill>;
  trust(folder: string): Promise<void>;
  /** SKILL.md as it is; null when it cannot be read. */
  text(name: string): Promise<string | null>;
}

export function createSkills(call: Call): Skills {
  const { value, phase, load, renew } = createLoaded(() => call("skills.list", {}));
  const list = computed(() => value.value?.skills);
  return {
    list,
    untrusted: computed(() => untrustedOf(value.value?.folders)),
    phase,
    waiting: computed(() => list.value?.filter(({ status }) => status === "pending").length ?? 0),
    load,
    renew,
    async act({ name, sha256 }, act) {
      if (act === "activate") await call("skills.activate", { name, ...(sha256 === null ? {} : { sha256 }) });
      else await call(`skills.${act}`, { name });
      await load();
    },
    async install(source, path) {
      const installed = await call("skills.install", { source, ...(path === "" ? {} : { path }) });
      await load();
      return installed;
    },
    async trust(folder) {
      await call("plugins.trustFolder", { folder });
      await load();
    },
    text: async (name) => (await call("skills.get", { name })).text,
  };
}
