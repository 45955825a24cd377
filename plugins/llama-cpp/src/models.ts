/** Which models a server has, and what is known of them. */
import type { Model, ProviderCall } from "@aleph/plugin-sdk";
import { ask } from "./server.ts";

interface Listed {
  readonly id: string;
  readonly meta?: { readonly n_ctx?: number; readonly n_ctx_train?: number } | null;
  readonly architecture?: { readonly input_modalities?: readonly string[] };
}

interface Props {
  readonly default_generation_settings?: { readonly n_ctx?: number };
  readonly modalities?: { readonly vision?: boolean };
  readonly chat_template_caps?: { readonly supports_tools?: boolean; readonly supports_tool_calls?: boolean };
}

export async function listModels(call: ProviderCall, signal: AbortSignal): Promise<readonly Model[]> {
  const response = await ask(call, "/v1/models", { signal });
  const { data } = (await response.json()) as { readonly data?: readonly Listed[] };
  if (!Array.isArray(data)) throw new Error("The server gave no list of models");
  const listed = data as readonly Listed[];
  // Of a server with several models they are those of none.
  const props = listed.length === 1 ? await readProps(call, signal) : {};
  return listed.map((model) => toModel(model, props));
}

/** What older servers do not tell is not known. */
async function readProps(call: ProviderCall, signal: AbortSignal): Promise<Props> {
  try {
    return (await (await ask(call, "/props", { signal })).json()) as Props;
  } catch {
    signal.throwIfAborted();
    return {};
  }
}

function toModel({ id, meta, architecture }: Listed, props: Props): Model {
  const { default_generation_settings: settings, modalities, chat_template_caps: caps } = props;
  const context = settings?.n_ctx ?? meta?.n_ctx ?? meta?.n_ctx_train;
  const tools = caps && (caps.supports_tools === true || caps.supports_tool_calls === true);
  const vision = modalities?.vision ?? architecture?.input_modalities?.includes("image");
  return {
    id: modelName(id),
    ...(context ? { context_window: context } : {}),
    ...(tools === undefined ? {} : { tools }),
    ...(vision === undefined ? {} : { vision }),
  };
}

/** A server without an alias names its model by the path of the file; one with one model takes any name. */
function modelName(id: string): string {
  return /^(?:\/|[A-Za-z]:\\|\.).*\.gguf$/i.test(id) ? id.replace(/^.*[\\/]/, "").slice(0, -".gguf".length) : id;
}
