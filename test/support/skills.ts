/** Skills on the disk, for tests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface WrittenSkill {
  readonly frontmatter?: string;
  readonly text?: string;
  /** By path below its folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The folder of it. */
export function writeSkill(
  root: string,
  name: string,
  { frontmatter, text = "Do it well.", files = {} }: WrittenSkill = {},
): string {
  const folder = join(root, name);
  const head = frontmatter ?? `name: ${name}\ndescription: How to do ${name}\n`;
  for (const [path, content] of Object.entries({ "SKILL.md": `---\n${head.trim()}\n---\n\n${text}\n`, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
