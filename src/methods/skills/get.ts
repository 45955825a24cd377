import * as z from "zod";
import { skill } from "../../protocol/skill.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Skills } from "../../skill/skills.ts";
import { toWireSkill } from "../../skill/wire.ts";

export const skillsGet = defineMethod({
  name: "skills.get",
  summary: "Show one skill with its whole text, also before it is let be used",
  scope: "read",
  params: z.strictObject({ name: z.string(), agent: z.string().default("main") }),
  result: skill.extend({
    /** SKILL.md as it is; null when it cannot be read. */
    text: z.string().nullable(),
  }),
  async handle({ skills }: { skills: () => Promise<Pick<Skills, "get" | "source">> }, { name, agent }) {
    const shelf = await skills();
    const found = await shelf.get(name, agent);
    // What keeps it from being read is in the skill's own error.
    const text = await shelf.source(found).catch(() => null);
    return { ...toWireSkill(found), text };
  },
});
