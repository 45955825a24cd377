/** The tools of the plugins in use, as the toolbox takes them. */
import type { Media } from "../media/media.ts";
import type { ActivePlugin, ActivePlugins, PluginManifest, PluginTool } from "../sdk/plugin.ts";
import type { ForeignTool, ToolContext, ToolResult, ToolSource } from "../sdk/tool.ts";
import { readAnswer } from "./answer.ts";

export interface PluginToolsOptions {
  readonly plugins: Pick<ActivePlugins, "current">;
  readonly media: Pick<Media, "put">;
}

export class PluginTools implements ToolSource {
  readonly #o: PluginToolsOptions;
  readonly #made = new WeakMap<ActivePlugin, readonly ForeignTool[]>();

  constructor(options: PluginToolsOptions) {
    this.#o = options;
  }

  async tools(): Promise<readonly ForeignTool[]> {
    return (await this.#o.plugins.current()).flatMap((plugin) => this.#of(plugin));
  }

  #of(plugin: ActivePlugin): readonly ForeignTool[] {
    let tools = this.#made.get(plugin);
    if (!tools) {
      tools = plugin.manifest.tools.map((tool) => this.#make(plugin, tool));
      this.#made.set(plugin, tools);
    }
    return tools;
  }

  #make(plugin: ActivePlugin, { name, description, handler, parameters, timeoutMs }: PluginTool): ForeignTool {
    const { id } = plugin.manifest;
    const isOpen = reachesOut(plugin.manifest);
    return {
      name,
      description,
      parameters,
      // Nobody knows whether it changes something.
      parallel: false,
      prepare: (args, context) => ({
        tier: "allow",
        reason: `Tool of the plugin "${id}", which can do what its permissions name and nothing else`,
        plan: { plugin: id, handler, args },
        ...(isOpen ? { outward: true, untrusted: true } : {}),
        run: async () => {
          const { agent, sessionKey, runId, callId, identity, signal } = context;
          const answer = await plugin.call({
            handler,
            args,
            context: { toolName: name, agent, sessionKey, runId, callId, identity: identity.id },
            signal,
            ...(timeoutMs === undefined ? {} : { timeoutMs }),
          });
          const result = await this.#result(answer, context);
          return isOpen ? { ...result, untrusted: true } : result;
        },
      }),
    };
  }

  async #result(value: unknown, { sessionKey }: ToolContext): Promise<ToolResult> {
    const { text, media } = readAnswer(value);
    if (media.length === 0) return { ok: true, text };
    const stored = media.map(({ bytes, ...part }) => this.#o.media.put(bytes, { ...part, sessionKey }));
    return { ok: true, text, media: await Promise.all(stored) };
  }
}

/** Whether anything can come in or go out through it besides arguments and results. */
function reachesOut({ permissions, channels, providers, services, httpRoutes }: PluginManifest): boolean {
  const ways = [
    permissions.network,
    permissions.filesystem,
    permissions.env,
    channels,
    providers,
    services,
    httpRoutes,
  ];
  return ways.some(({ length }) => length > 0);
}
