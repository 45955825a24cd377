/** `aleph_plugin.toml`: what a plugin says of itself. Loads zod. */
import * as z from "zod";
import { locate } from "../config/document.ts";
import { isTable } from "../lib/merge-patch.ts";
import { findFaults } from "../lib/schema-faults.ts";
import { parseToml } from "../lib/toml.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import { type PluginManifest, PROMPT_SCOPES } from "../sdk/runtime.ts";

const KINDS = ["nodejs", "wasm", "static"] as const;
const MAX_DEPTH = 16;
const MAX_FAULTS = 20;

const about = {
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be lower-case letters, digits, - or _"),
  name: z.string().min(1).max(100),
  version: z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/, "must be a version like 1.0.0"),
  description: z.string().min(1).max(1000),
  author: z.string().max(200).optional(),
  kind: z.enum(KINDS),
};

const whole = z.strictObject({
  plugin: z.strictObject(about),
  prompt: z.strictObject({ file: z.string().min(1).max(1000), scope: z.enum(PROMPT_SCOPES) }).optional(),
});

/** Of a kind that nothing here can run, only this much is looked at. */
const head = z.object({ plugin: z.object(about) });

/** Throws `plugin_error` with `data.issues`, each with its line. */
export async function parseManifest(text: string, hasRuntime: (kind: string) => boolean): Promise<PluginManifest> {
  const parsed = await parseToml(text, { maxDepth: MAX_DEPTH });
  if ("fault" in parsed) throw notValid([{ path: "", ...parsed.fault }]);
  const { value } = parsed;
  const kind = isTable(value) && isTable(value.plugin) ? value.plugin.kind : undefined;
  const isForeign = KINDS.some((known) => known === kind && !hasRuntime(known));
  const schema: z.ZodType<Manifest> = isForeign ? head : whole;
  const faults = findFaults(schema, value, { limit: MAX_FAULTS });
  if (faults.length > 0) throw notValid(locate(faults, text));
  const { plugin, prompt } = schema.parse(value);
  return { ...plugin, prompt };
}

interface Manifest {
  readonly plugin: Omit<PluginManifest, "prompt">;
  readonly prompt?: PluginManifest["prompt"];
}

function notValid(issues: readonly Issue[]): AlephError {
  const [first] = issues;
  const place = [first?.line === undefined ? "" : `line ${first.line}`, first?.path ?? ""].filter(Boolean).join(", ");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const message = `aleph_plugin.toml is not valid: ${place === "" ? "" : `${place}: `}${first?.message ?? "unknown reason"}${more}`;
  return new AlephError("plugin_error", message, { data: { issues } });
}
