/** A plugin as the wire shows it. */
import type { Issue } from "../protocol/errors.ts";
import type { WirePlugin } from "../protocol/plugin.ts";
import type { Plugin } from "./plugins.ts";

export function toWirePlugin({ id, folder, manifest, status, error }: Plugin): WirePlugin {
  const issues = error?.data.issues as readonly Issue[] | undefined;
  return {
    id,
    folder,
    name: manifest?.name ?? null,
    version: manifest?.version ?? null,
    description: manifest?.description ?? null,
    author: manifest?.author ?? null,
    kind: manifest?.kind ?? null,
    status,
    error: error ? { reason: error.reason, message: error.message, ...(issues ? { issues: [...issues] } : {}) } : null,
    prompt_scope: manifest?.prompt?.scope ?? null,
  };
}
