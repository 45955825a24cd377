/** Plugins on the wire. */
import * as z from "zod";
import { unusable } from "./config-issue.ts";
import { PLUGIN_STATES } from "./plugin-state.ts";

const named = z.object({ name: z.string(), description: z.string() });

export const plugin = z.object({
  /** The name of its folder when its manifest could not be read; then the rest of the manifest is null or empty. */
  id: z.string(),
  source: z.enum(["user", "system", "path", "project", "bundled"]),
  /** The name of its folder, and where that is. */
  folder: z.string(),
  path: z.string(),
  name: z.string().nullable(),
  version: z.string().nullable(),
  description: z.string().nullable(),
  author: z.string().nullable(),
  kind: z.string().nullable(),
  status: z.enum(PLUGIN_STATES),
  /** Why it, or its new version, cannot be used. */
  error: unusable.nullable(),
  /** Of a pending plugin: its first approval, one of wider permissions, or one of changed files. */
  awaits: z.enum(["approval", "permissions", "content"]).nullable(),
  /** As the manifest has them. */
  permissions: z.object({ network: z.array(z.string()), filesystem: z.array(z.string()), env: z.array(z.string()) }),
  /** What it may do, or wants to, one sentence each. */
  permissions_summary: z.array(z.string()),
  /** Of its files; what is to be approved. */
  sha256: z.string().nullable(),
  approved: z
    .object({ version: z.string(), sha256: z.string(), approved_at: z.number(), approved_by: z.string() })
    .nullable(),
  development: z.boolean(),
  /** What plugins.install took it from; null when it came there otherwise. */
  installed_from: z.string().nullable(),
  /** The version in use: an earlier one while a new one waits or cannot be used. */
  serving: z.object({ version: z.string(), sha256: z.string() }).nullable(),
  /** How its code is confined, or would be on this machine; null when it has none. */
  sandbox: z.enum(["kernel", "namespace", "none"]).nullable(),
  pid: z.number().nullable(),
  prompt_scope: z.enum(["system", "tool", "standalone", "disabled"]).nullable(),
  tools: z.array(named),
  commands: z.array(named),
  services: z.array(named.extend({ auto_start: z.boolean() })),
  channels: z.array(named),
  providers: z.array(named),
  hooks: z.array(z.object({ event: z.string(), kind: z.string(), priority: z.string() })),
  http_routes: z.array(
    z.object({ method: z.string(), path: z.string(), auth: z.enum(["token", "public", "signature"]) }),
  ),
});
export type WirePlugin = z.output<typeof plugin>;

/** What it tried and might not, counted by target. */
export const pluginDenial = z.object({
  kind: z.enum(["network", "filesystem", "env", "process"]),
  target: z.string(),
  count: z.number(),
  first_at: z.number(),
  last_at: z.number(),
});

/** A folder that plugins are looked for in. */
export const pluginFolder = z.object({
  path: z.string(),
  source: plugin.shape.source,
  /** What is in one that is not trusted is neither read nor listed. */
  trusted: z.boolean(),
});
