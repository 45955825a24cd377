/** A manifest's text, in each of its formats, to what the plugin says of itself. Loads zod. */
import { locate } from "../config/document.ts";
import type { Problem } from "../config/problem.ts";
import { type JsonEntry, parseJson } from "../lib/json-source.ts";
import { type Fault, findFaults } from "../lib/schema-faults.ts";
import { parseToml } from "../lib/toml.ts";
import { indexToml, lineAt } from "../lib/toml-source.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import type { ManifestFormat } from "./manifest-files.ts";
import { respell, unwrap } from "./manifest-form.ts";
import { findContradictions } from "./manifest-rules.ts";
import { about, type ManifestFile, manifestSchema } from "./manifest-schema.ts";

const MAX_DEPTH = 16;
const MAX_FAULTS = 20;

/** Throws `plugin_error` with `data.issues`, each with its line. */
export async function parseManifest(text: string, format: ManifestFormat): Promise<PluginManifest> {
  const source = await readSource(text, format.format);
  const { file } = format;
  if ("issue" in source) throw notValid(file, [source.issue]);
  const { document, where } = unwrap(source.value, format, Object.keys(about));
  const spelled = respell(document);
  const problems: Fault[] = [...spelled.problems];
  const tableName = format.format === "json" ? "an object" : "a table";
  if (problems.length === 0) {
    problems.push(...findFaults(manifestSchema, spelled.document, { limit: MAX_FAULTS, tableName }));
  }
  if (problems.length === 0) {
    const parsed = manifestSchema.parse(spelled.document);
    problems.push(...findContradictions(parsed));
    if (problems.length === 0) return toManifest(parsed);
  }
  const placed = problems.map(({ path, message }): Problem => ({ path: where(path), message }));
  throw notValid(file, locate(placed, text, source.index));
}

type Source =
  | { readonly value: unknown; readonly index: (text: string) => readonly JsonEntry[] }
  | { readonly issue: Issue };

async function readSource(text: string, format: ManifestFormat["format"]): Promise<Source> {
  if (format === "json") {
    const parsed = parseJson(text, { maxDepth: MAX_DEPTH * 2 });
    if ("fault" in parsed) {
      const { message, start } = parsed.fault;
      return { issue: { path: "", message, line: lineAt(text, start) } };
    }
    return { value: parsed.value, index: () => parsed.entries };
  }
  const parsed = await parseToml(text, { maxDepth: MAX_DEPTH });
  if ("fault" in parsed) return { issue: { path: "", ...parsed.fault } };
  return { value: parsed.value, index: indexToml };
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
    channels: file.channels.map((channel) => ({
      name: channel.name,
      description: channel.description,
      connectHandler: channel.connect_handler,
      disconnectHandler: channel.disconnect_handler,
      sendHandler: channel.send_handler,
      editHandler: channel.edit_handler,
      typingHandler: channel.typing_handler,
      reactHandler: channel.react_handler,
      loadHandler: channel.load_handler,
      messageLimit: channel.message_limit,
      editMs: channel.edit_ms,
      buttons: channel.buttons,
      files: channel.files,
      accounts: channel.accounts,
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

function notValid(file: string, issues: readonly Issue[]): AlephError {
  const [first] = issues;
  const place = [first?.line === undefined ? "" : `line ${first.line}`, first?.path ?? ""].filter(Boolean).join(", ");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const message = `${file} is not valid: ${place === "" ? "" : `${place}: `}${first?.message ?? "unknown reason"}${more}`;
  return new AlephError("plugin_error", message, { data: { issues } });
}
