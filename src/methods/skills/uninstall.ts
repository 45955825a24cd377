import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import type { Skills } from "../../skill/skills.ts";

export const skillsUninstall = defineMethod({
  name: "skills.uninstall",
  summary: "Remove a skill from ALEPH_HOME/skills with all that is known of it",
  scope: "admin",
  params: z.strictObject({ name: z.string() }),
  result: z.object({ name: z.string() }),
  async handle({ skills }: { skills: () => Promise<Pick<Skills, "uninstall">> }, { name }) {
    await (await skills()).uninstall(name);
    return { name };
  },
});
