import * as z from "zod";
import { skill } from "../../protocol/skill.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Skills } from "../../skill/skills.ts";
import { toWireSkill } from "../../skill/wire.ts";

export const skillsDeactivate = defineMethod({
  name: "skills.deactivate",
  summary: "Switch a skill off; its files and what was approved stay",
  scope: "admin",
  params: z.strictObject({ name: z.string(), agent: z.string().default("main") }),
  result: skill,
  async handle({ skills }: { skills: () => Promise<Pick<Skills, "deactivate">> }, { name, agent }) {
    return toWireSkill(await (await skills()).deactivate(name, agent));
  },
});
