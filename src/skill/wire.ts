/** A skill as the wire shows it. */
import type { Issue } from "../protocol/errors.ts";
import type { WireSkill } from "../protocol/skill.ts";
import type { Skill } from "./skills.ts";

export function toWireSkill({ name, found, read, decision, status, awaits, error }: Skill): WireSkill {
  const issues = error?.data.issues as readonly Issue[] | undefined;
  const { manifest } = read ?? {};
  const approval = decision?.approval;
  return {
    name,
    description: manifest?.description ?? null,
    source: found.source,
    plugin: found.plugin ?? null,
    path: found.path,
    status,
    awaits: awaits ?? null,
    error: error ? { reason: error.reason, message: error.message, ...(issues ? { issues: [...issues] } : {}) } : null,
    license: manifest?.license ?? null,
    compatibility: manifest?.compatibility ?? null,
    metadata: { ...manifest?.metadata },
    allowed_tools: manifest?.allowedTools ? [...manifest.allowedTools] : null,
    files: [...(read?.files ?? [])],
    sha256: read?.sha256 ?? null,
    approved: approval ? { sha256: approval.sha256, approved_at: approval.at, approved_by: approval.by } : null,
    installed_from: decision?.installedFrom ?? null,
  };
}
