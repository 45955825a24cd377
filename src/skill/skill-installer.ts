/** Installs skills into ALEPH_HOME/skills, from the same places and by the same rules as plugins; nothing of one is run. */
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { lookAtLink } from "../lib/fingerprint.ts";
import type { Log } from "../lib/log.ts";
import { createSerial } from "../lib/serial.ts";
import { readPluginFile } from "../plugin/discovery.ts";
import { INSTALL_LIMITS, type InstallLimits, readPath, refused } from "../plugin/install/entry.ts";
import { exchange, recover, STAGING } from "../plugin/install/exchange.ts";
import { describeSource, fetchSource, parseSource, type SourceOptions } from "../plugin/install/sources.ts";
import { AlephError } from "../protocol/errors.ts";
import { SKILL_LIMITS } from "./copies.ts";
import { parseSkill, SKILL_FILE } from "./manifest.ts";
import type { Skill, Skills } from "./skills.ts";

export interface SkillInstallerOptions extends Omit<SourceOptions, "limits" | "root"> {
  /** ALEPH_HOME/skills; made when it is needed. */
  readonly folder: string;
  readonly skills: Skills;
  readonly log: Log;
}

export interface SkillInstallOptions {
  /** The folder of the skill in what is installed, where that holds several. */
  readonly path: string | undefined;
  /** The identity that wants it. */
  readonly by: string;
  /** Lets it be used at once. */
  readonly accept: boolean;
  readonly signal: AbortSignal;
}

const LIMITS: InstallLimits = { ...INSTALL_LIMITS, totalBytes: SKILL_LIMITS.bytes, entries: SKILL_LIMITS.files };

export class SkillInstaller {
  readonly #o: SkillInstallerOptions;
  readonly #serial = createSerial();

  constructor(options: SkillInstallerOptions) {
    this.#o = options;
  }

  /**
   * The version that is there stays until the new one is found to be whole, and what was approved of it stays in use until the
   * new one is. Throws as `parseSource` and `fetchSource`, and `plugin_error` for what is no skill.
   */
  install(
    source: string,
    { path, by, accept, signal }: SkillInstallOptions,
  ): Promise<{ readonly skill: Skill; readonly replaced: string | null | undefined }> {
    return this.#serial(async () => {
      const { folder, skills, log, ...options } = this.#o;
      const parsed = parseSource(source);
      const below = path === undefined ? [] : readPath(path);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await recover(folder, keepNothing);
      const staging = await mkdtemp(join(folder, STAGING));
      try {
        const places = { folder: join(staging, "skill"), scratch: join(staging, "scratch") };
        for (const place of Object.values(places)) await mkdir(place);
        // A folder on this machine is narrowed down before it is copied, anything else when it has come.
        const isHere = parsed.kind === "path" && (lookAtLink(parsed.path)?.isDirectory() ?? false);
        const root = (top: string) => findSkillRoot(join(top, ...below));
        await fetchSource(
          parsed,
          { ...options, ...places, limits: isArchive(parsed.kind, isHere) ? INSTALL_LIMITS : LIMITS, root },
          signal,
        );
        const whole = isHere ? places.folder : await root(places.folder);
        const name = nameOf(await readPluginFile(whole, SKILL_FILE));
        parseSkill(await readPluginFile(whole, SKILL_FILE), name);
        signal.throwIfAborted();
        const place = join(await realpath(folder), name);
        const from = describeSource(parsed) + (path === undefined ? "" : ` ${path}`);
        const before = lookAtLink(place)
          ? ((await skills.get(name, "main")).decision?.installedFrom ?? null)
          : undefined;
        await skills.installed(place, from);
        await exchange(folder, name, whole, keepNothing);
        const found = await skills.get(name, "main");
        const sha256 = found.read?.sha256;
        log.info("skill installed", { skill: name, sha256, source: from });
        return { skill: accept ? await skills.activate(name, { agent: "main", by, sha256 }) : found, replaced: before };
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    });
  }
}

async function keepNothing(): Promise<readonly string[]> {
  return [];
}

/** What else an archive or repository holds besides the skill may be more than a skill is. */
function isArchive(kind: string, isHere: boolean): boolean {
  return kind !== "path" || !isHere;
}

/** The name that its own SKILL.md says; what else is wrong with it is told by whoever reads it whole. */
function nameOf(source: string): string {
  const name = /^name:[ \t]*["']?([a-z0-9-]{1,64})["']?[ \t]*(?:#.*)?\r?$/m.exec(source)?.[1];
  return name ?? "skill";
}

/** The folder with a SKILL.md: this one, or the only one in it. Throws `plugin_error` naming those there are. */
async function findSkillRoot(folder: string): Promise<string> {
  const isSkill = (path: string) => lookAtLink(join(path, SKILL_FILE)) !== undefined;
  if (isSkill(folder)) return folder;
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AlephError("not_found", "The folder is not in what was to be installed", { cause });
  });
  const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const [only, ...others] = inside;
  if (only !== undefined && others.length === 0 && isSkill(join(folder, only))) return join(folder, only);
  const below = inside.includes("skills") ? await namesIn(join(folder, "skills"), isSkill) : [];
  const several = [...inside.filter((name) => isSkill(join(folder, name))), ...below.map((name) => `skills/${name}`)];
  if (several.length === 0) throw refused(`There is no "${SKILL_FILE}" in it`);
  throw new AlephError("plugin_error", "There are several skills in it", {
    data: { hint: `Say which one with its path: ${several.slice(0, 20).join(", ")}` },
  });
}

async function namesIn(folder: string, accept: (path: string) => boolean): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => accept(join(folder, name)));
}
