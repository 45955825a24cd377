/** `aleph_plugin.toml`: what a plugin says of itself. Loads zod. */
import { locate } from "../config/document.ts";
import { findFaults } from "../lib/schema-faults.ts";
import { parseToml } from "../lib/toml.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import { type ManifestFile, manifestSchema } from "./manifest-schema.ts";

const MAX_DEPTH = 16;
const MAX_FAULTS = 20;

/** Throws `plugin_error` with `data.issues`, each with its line. */
export async function parseManifest(text: string): Promise<PluginManifest> {
  const parsed = await parseToml(text, { maxDepth: MAX_DEPTH });
  if ("fault" in parsed) throw notValid([{ path: "", ...parsed.fault }]);
  const { value } = parsed;
  const faults = findFaults(manifestSchema, value, { limit: MAX_FAULTS });
  if (faults.length > 0) throw notValid(locate(faults, text));
  return toManifest(manifestSchema.parse(value));
}

function toManifest(file: ManifestFile): PluginManifest {
  const { plugin, permissions, prompt } = file;
  return {
    ...plugin,
    permissions,
    prompt,
    tools: file.tools.map(({ instruction_file, timeout_ms, ...tool }) => ({
      ...tool,
      instructionFile: instruction_file,
      timeoutMs: timeout_ms,
    })),
    hooks: file.hooks.map(({ timeout_ms, ...hook }) => ({ ...hook, timeoutMs: timeout_ms })),
    commands: file.commands,
    services: file.services.map(({ start_handler, stop_handler, auto_start, ...service }) => ({
      ...service,
      startHandler: start_handler,
      stopHandler: stop_handler,
      autoStart: auto_start,
    })),
    channels: file.channels.map(({ connect_handler, disconnect_handler, send_handler, ...channel }) => ({
      ...channel,
      connectHandler: connect_handler,
      disconnectHandler: disconnect_handler,
      sendHandler: send_handler,
    })),
    providers: file.providers.map(
      ({ list_models_handler, chat_handler, stream_handler, embed_handler, ...provider }) => ({
        ...provider,
        listModelsHandler: list_models_handler,
        chatHandler: chat_handler,
        streamHandler: stream_handler,
        embedHandler: embed_handler,
      }),
    ),
    httpRoutes: file.http_routes.map(({ max_body, timeout_ms, ...route }) => ({
      ...route,
      maxBody: max_body,
      timeoutMs: timeout_ms,
    })),
  };
}

function notValid(issues: readonly Issue[]): AlephError {
  const [first] = issues;
  const place = [first?.line === undefined ? "" : `line ${first.line}`, first?.path ?? ""].filter(Boolean).join(", ");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const message = `aleph_plugin.toml is not valid: ${place === "" ? "" : `${place}: `}${first?.message ?? "unknown reason"}${more}`;
  return new AlephError("plugin_error", message, { data: { issues } });
}
