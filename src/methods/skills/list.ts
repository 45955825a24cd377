import * as z from "zod";
import { skill, skillFolder } from "../../protocol/skill.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Skills } from "../../skill/skills.ts";
import { toWireSkill } from "../../skill/wire.ts";

export const skillsList = defineMethod({
  name: "skills.list",
  summary: "List the skills of an agent with their state, and the folders that they are looked for in",
  scope: "read",
  params: z.strictObject({ agent: z.string().default("main") }),
  result: z.object({ skills: z.array(skill), folders: z.array(skillFolder) }),
  async handle({ skills }: { skills: () => Promise<Pick<Skills, "list">> }, { agent }) {
    const found = await (await skills()).list(agent);
    return {
      skills: found.skills.map(toWireSkill),
      folders: found.folders.flatMap(({ path, source, trusted }) =>
        source === "plugin" ? [] : [{ path, source, trusted }],
      ),
    };
  },
});
