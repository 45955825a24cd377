/** The skills of the agent: read when their page is opened, and again after each act. */
import type { Result } from "../../client/client.ts";
import type { WireSkill } from "../../protocol/skill.ts";
import type { Call } from "./connection.ts";
import { createFoundList, type FoundList } from "./found-list.ts";

export type InstalledSkill = Result<"skills.install">;

/** What the owner may do with one. */
export type SkillAct = "activate" | "deactivate" | "uninstall";

export interface Skills extends FoundList<WireSkill> {
  /** Rejects with the server's reason. What is activated is what is shown. */
  act(skill: WireSkill, act: SkillAct): Promise<void>;
  /** `path`: where in the source the skill is, when there are several. It waits for its approval then. */
  install(source: string, path: string): Promise<InstalledSkill>;
  /** SKILL.md as it is; null when it cannot be read. */
  text(name: string): Promise<string | null>;
}

export function createSkills(call: Call): Skills {
  const found = createFoundList(call, async () => {
    const { skills, folders } = await call("skills.list", {});
    return { items: skills, folders };
  });
  const { load } = found;
  return {
    ...found,
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
    text: async (name) => (await call("skills.get", { name })).text,
  };
}
