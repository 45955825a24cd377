/** What tools see of skills. */

export interface LoadedSkill {
  readonly name: string;
  /** Lower-case hex SHA-256 of all its files. */
  readonly sha256: string;
  /** Where it came from, for whoever reads the plan. */
  readonly origin: string;
  /** SKILL.md without its frontmatter. */
  readonly text: string;
  /** Absolute path of its files, which do not change while it is used; the agent cannot reach it. */
  readonly folder: string;
  /** Those besides SKILL.md, below `folder`, with `/`. */
  readonly files: readonly string[];
  /** Once it is loaded, the run may use no tools but these. */
  readonly allowedTools: readonly string[] | undefined;
}

export interface SkillShelf {
  /** Throws `not_found`, and `forbidden` for one that waits for approval or is switched off. */
  load(name: string, agent: string): Promise<LoadedSkill>;
}
