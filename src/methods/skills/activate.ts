import * as z from "zod";
import { skill } from "../../protocol/skill.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Skills } from "../../skill/skills.ts";
import { toWireSkill } from "../../skill/wire.ts";

export const skillsActivate = defineMethod({
  name: "skills.activate",
  summary: "Let a skill be used as its files are now, and switch it on",
  scope: "admin",
  params: z.strictObject({
    name: z.string(),
    agent: z.string().default("main"),
    /** Of the files that were shown: those and no others are let be used. */
    sha256: z.string().optional(),
  }),
  result: skill,
  async handle({ skills }: { skills: () => Promise<Pick<Skills, "activate">> }, { name, agent, sha256 }, { grant }) {
    return toWireSkill(await (await skills()).activate(name, { agent, sha256, by: grant?.identity.id ?? "owner" }));
  },
});
