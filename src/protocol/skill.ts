/** Skills on the wire. */
import * as z from "zod";
import { unusable } from "./config-issue.ts";

export const skill = z.object({
  /** The name of its folder when its SKILL.md could not be read; then what that says is null or empty. */
  name: z.string(),
  description: z.string().nullable(),
  /** `user`: ALEPH_HOME/skills. `workspace`: of the agent. `plugin`: came with a plugin. */
  source: z.enum(["user", "workspace", "plugin"]),
  plugin: z.string().nullable(),
  path: z.string(),
  /** `pending`: waits for its owner. `inactive`: switched off. `error`: cannot be used. */
  status: z.enum(["active", "pending", "inactive", "error"]),
  /** Of a pending one: its first approval, or one of changed files; the approved ones are in use until then. */
  awaits: z.enum(["approval", "content"]).nullable(),
  error: unusable.nullable(),
  license: z.string().nullable(),
  compatibility: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  /** Once it is loaded, a run may use these tools only, of those that it may use at all; null: it changes nothing. */
  allowed_tools: z.array(z.string()).nullable(),
  /** Below its folder. */
  files: z.array(z.string()),
  /** Of its files; what is to be approved. */
  sha256: z.string().nullable(),
  approved: z.object({ sha256: z.string(), approved_at: z.number(), approved_by: z.string() }).nullable(),
  /** What skills.install took it from; null when it came there otherwise. */
  installed_from: z.string().nullable(),
});
export type WireSkill = z.output<typeof skill>;

/** A folder that holds skills; those in one that is not trusted are off, and nothing in it is read. */
export const skillFolder = z.object({ path: z.string(), source: z.enum(["user", "workspace"]), trusted: z.boolean() });
