/** Loads a skill: its text for the model, its files into the workspace, where commands on them are judged as any others. */
import { join } from "node:path";
import * as z from "zod";
import type { Files } from "../../sandbox/files.ts";
import type { LoadedSkill, SkillShelf } from "../../sdk/skill.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./skill.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "write">;
  readonly skills: SkillShelf;
}

/** In the workspace; hidden, so that searches leave it out. */
const PLACE = ".skills";

export const skill = defineTool({
  name: "skill",
  description,
  params: z.strictObject({ name: z.string().min(1).max(64).describe("as in the list of skills") }),
  parallel: false,
  async prepare({ files, skills }: Needs, { name }, { workspace, agent, identity }) {
    const loaded = await skills.load(name, agent);
    const { sha256, origin, allowedTools } = loaded;
    // A stranger leaves nothing on this disk.
    const place = identity.kind === "guest" || loaded.files.length === 0 ? undefined : `${PLACE}/${loaded.name}`;
    return {
      tier: "allow",
      reason: "Reads a skill that its owner lets be used",
      plan: {
        skill: loaded.name,
        from: origin,
        sha256,
        ...(allowedTools === undefined ? {} : { allowed_tools: [...allowedTools] }),
        ...(place === undefined ? {} : { files: `${loaded.files.length} files into ${place}` }),
      },
      async run() {
        if (place !== undefined) {
          for (const path of loaded.files) {
            const data = await Bun.file(join(loaded.folder, path)).bytes();
            await files.write(workspace, `${place}/${path}`, data, { mode: 0o644 });
          }
        }
        return {
          ok: true,
          text: describe(loaded, place),
          untrusted: true,
          guidance: true,
          ...(allowedTools === undefined ? {} : { narrows: [...new Set(["skill", ...allowedTools])] }),
        };
      },
    };
  },
});

function describe({ name, origin, sha256, text, files, allowedTools }: LoadedSkill, place: string | undefined): string {
  const notes = [
    `Skill ${name}, from ${origin}, sha256 ${sha256.slice(0, 12)}`,
    ...(place === undefined
      ? []
      : [`Its files are in ${place}:\n${files.map((path) => `- ${place}/${path}`).join("\n")}`]),
    ...(allowedTools === undefined
      ? []
      : [
          `For the rest of this run you may use these tools only, of those that you have: ${["skill", ...allowedTools].join(", ")}`,
        ]),
  ];
  return `${notes.join("\n")}\n\n${text}`;
}
