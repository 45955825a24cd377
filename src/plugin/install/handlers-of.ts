/** The handlers that a manifest names, and what each is for. */
import type { PluginManifest } from "../../sdk/plugin.ts";

export interface NamedHandler {
  readonly handler: string;
  /** The key under which the SDK may have it instead. */
  readonly name: string;
  readonly where: string;
}

/** Every handler that the manifest names. */
export function handlersOf(manifest: PluginManifest): readonly NamedHandler[] {
  const { tools, hooks, commands, services, channels, providers, httpRoutes } = manifest;
  return [
    ...tools.map(({ handler, name }) => ({ handler, name, where: `tool "${name}"` })),
    ...hooks.map(({ handler, event }) => ({ handler, name: event, where: `hook "${event}"` })),
    ...commands.map(({ handler, name }) => ({ handler, name, where: `command "${name}"` })),
    ...services.flatMap(({ name, startHandler, stopHandler }) =>
      [startHandler, stopHandler].map((handler) => ({ handler, name, where: `service "${name}"` })),
    ),
    ...channels.flatMap(({ name, ...channel }) =>
      [
        channel.connectHandler,
        channel.disconnectHandler,
        channel.sendHandler,
        channel.editHandler,
        channel.typingHandler,
        channel.reactHandler,
        channel.loadHandler,
      ]
        .filter((handler) => handler !== undefined)
        .map((handler) => ({ handler, name, where: `channel "${name}"` })),
    ),
    ...providers.flatMap(({ name, listModelsHandler, chatHandler, streamHandler, embedHandler }) =>
      [listModelsHandler, chatHandler, streamHandler, embedHandler]
        .filter((handler) => handler !== undefined)
        .map((handler) => ({ handler, name, where: `provider "${name}"` })),
    ),
    ...httpRoutes.map(({ handler, method, path }) => {
      const name = `${method} ${path}`;
      return { handler, name, where: `route ${name}` };
    }),
  ];
}
