/** A plugin as the wire shows it. */
import type { Issue } from "../protocol/errors.ts";
import type { WirePlugin } from "../protocol/plugin.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import { summarizePermissions } from "./permissions.ts";
import type { Plugin } from "./plugin-entry.ts";

/** `level`: how far this machine confines code; asked for a plugin that has some. */
export async function toWirePlugin(shown: Plugin, level: () => Promise<SandboxLevel>): Promise<WirePlugin> {
  const { id, source, folder, path, manifest, status, error, awaits, sha256, decision, serving, process } = shown;
  const issues = error?.data.issues as readonly Issue[] | undefined;
  const { permissions } = manifest ?? {};
  const approval = decision?.approval;
  const hasCode = manifest !== undefined && manifest.kind !== "static";
  return {
    id,
    source,
    folder,
    path,
    name: manifest?.name ?? null,
    version: manifest?.version ?? null,
    description: manifest?.description ?? null,
    author: manifest?.author ?? null,
    kind: manifest?.kind ?? null,
    status,
    error: error ? { reason: error.reason, message: error.message, ...(issues ? { issues: [...issues] } : {}) } : null,
    awaits: awaits ?? null,
    permissions: {
      network: [...(permissions?.network ?? [])],
      filesystem: [...(permissions?.filesystem ?? [])],
      env: [...(permissions?.env ?? [])],
    },
    permissions_summary: manifest ? [...summarizePermissions(manifest)] : [],
    sha256: sha256 ?? null,
    approved: approval
      ? {
          version: approval.manifest.version,
          sha256: approval.sha256,
          approved_at: approval.at,
          approved_by: approval.by,
        }
      : null,
    development: decision?.development ?? false,
    installed_from: decision?.installedFrom ?? null,
    serving: serving ?? null,
    sandbox: process?.sandbox ?? (hasCode ? await level() : null),
    pid: process?.pid ?? null,
    prompt_scope: manifest?.prompt?.scope ?? null,
    tools: (manifest?.tools ?? []).map(named),
    commands: (manifest?.commands ?? []).map(named),
    services: (manifest?.services ?? []).map((service) => ({ ...named(service), auto_start: service.autoStart })),
    channels: (manifest?.channels ?? []).map(named),
    providers: (manifest?.providers ?? []).map(named),
    hooks: (manifest?.hooks ?? []).map(({ event, kind, priority }) => ({ event, kind, priority })),
    http_routes: (manifest?.httpRoutes ?? []).map(({ method, path: own, auth }) => ({ method, path: own, auth })),
  };
}

function named({ name, description }: { readonly name: string; readonly description: string }) {
  return { name, description };
}
