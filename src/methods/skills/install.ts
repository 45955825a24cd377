import * as z from "zod";
import { skill } from "../../protocol/skill.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { SkillInstaller } from "../../skill/skill-installer.ts";
import { toWireSkill } from "../../skill/wire.ts";

export const skillsInstall = defineMethod({
  name: "skills.install",
  summary:
    "Install a skill from a folder, an archive, an https URL or a git repository; unless it is accepted it waits",
  scope: "admin",
  params: z.strictObject({
    /** An absolute path on the server's machine, `https://…`, or `git+https://…#ref`. */
    source: z.string().min(1).max(2000),
    /** Where in it the skill is, when it holds several. */
    path: z.string().min(1).max(1000).optional(),
    /** Let it be used without having been seen. */
    accept: z.boolean().default(false),
  }),
  result: skill.extend({
    /** Where the version came from whose place it took. */
    replaced: z.object({ source: z.string().nullable() }).nullable(),
  }),
  async handle(
    { skillInstaller }: { skillInstaller: () => Promise<Pick<SkillInstaller, "install">> },
    { source, path, accept },
    { grant, signal },
  ) {
    const by = grant?.identity.id ?? "owner";
    const installed = await (await skillInstaller()).install(source, { path, by, accept, signal });
    const { replaced } = installed;
    return { ...toWireSkill(installed.skill), replaced: replaced === undefined ? null : { source: replaced } };
  },
});
