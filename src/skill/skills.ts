/** The skills that an agent may use: found, judged, listed to the model by name, and read when they are wanted. */
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nearest } from "../lib/nearest.ts";
import { readPluginFile } from "../plugin/discovery.ts";
import { Trust } from "../plugin/trust.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ActivePlugins } from "../sdk/plugin.ts";
import type { LoadedSkill } from "../sdk/skill.ts";
import type { Store } from "../sdk/store.ts";
import { Copies } from "./copies.ts";
import { type Decision, Decisions } from "./decisions.ts";
import {
  type FoundSkill,
  findSkillRoots,
  findSkills,
  type ReadSkill,
  SkillFiles,
  type SkillRoot,
} from "./discovery.ts";
import { parseSkill, SKILL_FILE } from "./manifest.ts";

export interface SkillsOptions {
  /** ALEPH_HOME/skills. */
  readonly folder: string;
  /** Where copies of what was approved are kept. */
  readonly copies: string;
  /** Of an agent. Throws `not_found` for one that is not configured. */
  readonly workspace: (agent: string) => string;
  readonly plugins: Pick<ActivePlugins, "current">;
  readonly store: Store;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface Skill {
  /** The name of its folder, which is also its own. */
  readonly name: string;
  readonly found: FoundSkill;
  /** Absent when it cannot be read; then `error` says why. */
  readonly read: ReadSkill | undefined;
  readonly decision: Decision | undefined;
  readonly status: "active" | "pending" | "inactive" | "error";
  readonly awaits: "approval" | "content" | undefined;
  readonly error: AlephError | undefined;
  /** What is in use: an earlier version while a new one waits or cannot be read. */
  readonly serving: (ReadSkill & { readonly folder: string }) | undefined;
}

export class Skills {
  readonly #o: SkillsOptions;
  readonly #trust: Trust;
  readonly #decisions: Decisions;
  readonly #copies: Copies;
  readonly #files = new SkillFiles();

  constructor(options: SkillsOptions) {
    this.#o = options;
    this.#trust = new Trust(options);
    this.#decisions = new Decisions(options);
    this.#copies = new Copies(options.copies);
  }

  /** As the files are now. Of two with one name the first has it: the person's own before those of plugins and of the workspace. */
  async list(agent: string): Promise<{ readonly skills: readonly Skill[]; readonly folders: readonly SkillRoot[] }> {
    const roots = await findSkillRoots(
      [
        { source: "user" as const, path: this.#o.folder },
        ...(await this.#o.plugins.current()).map(({ manifest, folder }) => ({
          source: "plugin" as const,
          plugin: manifest.id,
          path: join(folder, "skills"),
        })),
        { source: "workspace" as const, path: join(this.#o.workspace(agent), "skills") },
      ],
      (path) => this.#trust.isTrusted(path),
    );
    const skills: Skill[] = [];
    for (const root of roots) {
      if (!root.trusted) continue;
      for (const found of await findSkills(root)) skills.push(await this.#judge(found, skills));
    }
    return { skills, folders: roots.filter(({ source }) => source !== "plugin") };
  }

  /** Throws `not_found`. */
  async get(name: string, agent: string): Promise<Skill> {
    const { skills } = await this.list(agent);
    const found = skills.find((skill) => skill.name === name);
    if (found) return found;
    const near = nearest(name, [...new Set(skills.map((skill) => skill.name))]);
    throw new AlephError("not_found", `No skill ${JSON.stringify(name.slice(0, 80))}`, {
      data: { hint: near === undefined ? "skills.list shows those that exist" : `Did you mean "${near}"?` },
    });
  }

  /** Those that the agent may load, by name and description. */
  async active(agent: string): Promise<readonly { readonly name: string; readonly description: string }[]> {
    return (await this.list(agent)).skills.flatMap(({ name, serving }) =>
      serving ? [{ name, description: serving.manifest.description }] : [],
    );
  }

  /** Throws `not_found`, and `forbidden` for one that is not in use. */
  async load(name: string, agent: string): Promise<LoadedSkill> {
    const { found, serving, status, error, decision } = await this.get(name, agent);
    if (!serving) {
      const why = {
        pending: "waits for the person's approval",
        inactive: "is switched off",
        error: "cannot be used",
        active: "",
      };
      throw new AlephError("forbidden", `Skill "${name}" ${why[status]}`, { cause: error });
    }
    const { folder, sha256, files, manifest } = serving;
    const origin = { user: "ALEPH_HOME/skills", workspace: "the workspace", plugin: `plugin "${found.plugin}"` };
    return {
      name,
      sha256,
      origin: decision?.installedFrom ?? origin[found.source],
      text: parseSkill(await readPluginFile(folder, SKILL_FILE), name).text,
      folder,
      files: files.filter((path) => path !== SKILL_FILE),
      allowedTools: manifest.allowedTools,
    };
  }

  /** Text of the SKILL.md as it is now, approved or not: for a person who looks at it. */
  async source({ found }: Skill): Promise<string> {
    return readPluginFile(found.path, SKILL_FILE);
  }

  /**
   * Its owner has seen it and lets it be used. `sha256` is that of the files that were shown. Throws `not_found`, `conflict`
   * when they are others by now, and what is wrong with it.
   */
  async activate(
    name: string,
    { agent, by, sha256 }: { readonly agent: string; readonly by: string; readonly sha256?: string | undefined },
  ): Promise<Skill> {
    const skill = await this.get(name, agent);
    const { read, found } = skill;
    if (!read) throw skill.error ?? new AlephError("plugin_error", `Skill "${name}" cannot be read`);
    if (sha256 !== undefined && sha256 !== read.sha256) {
      throw new AlephError("conflict", `The files of skill "${name}" changed since they were shown`, {
        data: { hint: "Look at it again, and activate that" },
      });
    }
    if (asksForApproval(skill)) {
      await this.#copies.make(name, read.sha256, found.path);
      await this.#decisions.decide(found.path, { enabled: true, approval: { sha256: read.sha256, by } });
    } else {
      await this.#decisions.decide(found.path, { enabled: true });
    }
    return this.get(name, agent);
  }

  /** Its files and what was approved stay. Throws `not_found`. */
  async deactivate(name: string, agent: string): Promise<Skill> {
    const { found } = await this.get(name, agent);
    await this.#decisions.decide(found.path, { enabled: false });
    return this.get(name, agent);
  }

  /** Before it is seen: what came from `source` waits for its owner. */
  async installed(path: string, source: string): Promise<void> {
    await this.#decisions.decide(path, { enabled: true, installedFrom: source });
  }

  /** Removes its folder and all that is known of it. Throws `not_found`, and `conflict` for one that lies elsewhere. */
  async uninstall(name: string): Promise<void> {
    const { found } = await this.get(name, "main");
    if (found.source !== "user") {
      throw new AlephError(
        "conflict",
        `Skill "${name}" was not installed: it is in ${JSON.stringify(dirname(found.path))}`,
        {
          data: { hint: "It can be switched off: skills.deactivate" },
        },
      );
    }
    await rm(found.path, { recursive: true, force: true });
    await this.#decisions.forget(found.path);
    await this.#copies.remove(name);
  }

  async #judge(found: FoundSkill, earlier: readonly Skill[]): Promise<Skill> {
    const decision = this.#decisions.of(found.path);
    const about = { name: found.folder, found, decision, awaits: undefined, error: undefined, serving: undefined };
    let read: ReadSkill | undefined;
    let error: AlephError | undefined;
    try {
      read = await this.#files.read(found.path, found.folder);
    } catch (thrown) {
      error = AlephError.from(thrown);
    }
    const owner = earlier.find(({ name, status }) => name === found.folder && status !== "error");
    if (owner) {
      const message = `Skill "${found.folder}" is in ${JSON.stringify(owner.found.path)} already, so the one in ${JSON.stringify(found.path)} cannot be used`;
      return { ...about, read, status: "error", error: new AlephError("conflict", message) };
    }
    if (decision && !decision.enabled) return { ...about, read, status: "inactive", error };
    if (!asksForApproval({ found, decision })) {
      if (!read) return { ...about, read, status: "error", error };
      return { ...about, read, status: "active", serving: { ...read, folder: found.path } };
    }
    const serving = await this.#approved(found, decision);
    if (!read) return { ...about, read, status: "error", error, serving };
    if (serving?.sha256 === read.sha256) return { ...about, read, status: "active", serving };
    return { ...about, read, status: "pending", awaits: decision?.approval ? "content" : "approval", serving };
  }

  async #approved({ folder: name }: FoundSkill, decision: Decision | undefined): Promise<Skill["serving"]> {
    if (!decision?.approval) return undefined;
    const folder = await this.#copies.find(name, decision.approval.sha256);
    return folder === undefined ? undefined : { ...(await this.#files.read(folder, name)), folder };
  }
}

/** What came from elsewhere, and what the model itself may write, waits for its owner; a plugin was approved as a whole. */
function asksForApproval({ found, decision }: Pick<Skill, "found" | "decision">): boolean {
  return found.source === "workspace" || (found.source === "user" && decision?.installedFrom !== undefined);
}
